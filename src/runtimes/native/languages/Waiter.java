package codebeaker;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Lets a Java process be warm: Java runs this agent before the launcher that compiles the program's file. It compiles a
 * program of its own, so that the compiler is loaded, reports on stderr that the program may begin, and waits for a byte on
 * stdin (src/core/child_protocol.ts).
 */
public class Waiter {
  private static final byte[] READY = {0, 7, 0};
  private static final String PROGRAM =
      "import java.util.*;\n"
          + "class Main {\n"
          + "  public static void main(String[] args) {\n"
          + "    List<String> words = new ArrayList<>();\n"
          + "    for (int n = 0; n < 3; n++) words.add(\"word\" + n);\n"
          + "    Map<String, Integer> counts = new HashMap<>();\n"
          + "    words.forEach(word -> counts.merge(word, 1, Integer::sum));\n"
          + "    System.out.println(counts);\n"
          + "  }\n"
          + "}\n";

  public static void premain(String ignored) throws Exception {
    compileInMemory();
    System.gc();
    new FileOutputStream(FileDescriptor.err).write(READY);
    if (new FileInputStream(FileDescriptor.in).read() < 0) Runtime.getRuntime().halt(0); // The service is gone.
  }

  private static void compileInMemory() throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject program =
        new SimpleJavaFileObject(URI.create("memory:///Main.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoresErrors) {
            return PROGRAM;
          }
        };
    JavaFileManager files =
        new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {
          @Override
          public JavaFileObject getJavaFileForOutput(
              Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
              @Override
              public OutputStream openOutputStream() {
                return OutputStream.nullOutputStream();
              }
            };
          }
        };
    List<String> options = List.of("-proc:none", "-Xdiags:verbose", "-Xlint:deprecation");
    compiler.getTask(new StringWriter(), files, null, options, null, List.of(program)).call();
  }

  /** Makes the agent's archive of this source: args are the source's path and the directory for the archive. */
  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[1]);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
    List<String> options = List.of("-proc:none", "-d", args[1]);
    if (!compiler.getTask(null, files, null, options, null, files.getJavaFileObjects(args[0])).call()) System.exit(1);
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Premain-Class", Waiter.class.getName());
    try (OutputStream file = Files.newOutputStream(directory.resolve("waiter.jar"));
        JarOutputStream archive = new JarOutputStream(file, manifest);
        DirectoryStream<Path> classes = Files.newDirectoryStream(directory.resolve("codebeaker"))) {
      for (Path path : classes) {
        archive.putNextEntry(new JarEntry("codebeaker/" + path.getFileName()));
        archive.write(Files.readAllBytes(path));
      }
    }
  }
}
