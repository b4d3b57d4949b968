package codebeaker;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.lang.model.element.Modifier;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Lets a Java process be warm: Java runs this agent before the program that compiles a client's. It compiles a
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

/**
 * Compiles a program: args are the directory for its classes, its main file, its other files, "--", and options for the
 * compiler. It writes the name of the class that begins to main.args in that directory. A file may have any name.
 */
class Compile {
  public static void main(String[] args) throws Exception {
    List<String> words = List.of(args);
    int end = words.indexOf("--");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
    List<JavaFileObject> sources = new ArrayList<>();
    for (JavaFileObject file : files.getJavaFileObjectsFromStrings(words.subList(1, end))) {
      sources.add(new AnyName(file));
    }
    List<String> options = new ArrayList<>(List.of("-proc:none", "-cp", ".", "-d", args[0]));
    options.addAll(words.subList(end + 1, words.size()));
    String fileName = Path.of(args[1]).getFileName().toString();
    int dot = fileName.lastIndexOf('.');
    MainClass main = new MainClass(sources.get(0), dot < 0 ? fileName : fileName.substring(0, dot));
    JavacTask task = (JavacTask) compiler.getTask(null, files, null, options, null, sources);
    task.addTaskListener(main);
    if (!task.call()) System.exit(1);
    Files.writeString(Path.of(args[0], "main.args"), main.name + "\n");
  }

  /** A source file of which a public class may have any name. */
  private static class AnyName extends ForwardingJavaFileObject<JavaFileObject> {
    AnyName(JavaFileObject file) {
      super(file);
    }

    @Override
    public boolean isNameCompatible(String simpleName, Kind kind) {
      boolean isInfo = simpleName.endsWith("-info"); // Of a package or a module: such a file has that name.
      return kind == Kind.SOURCE && !isInfo || super.isNameCompatible(simpleName, kind);
    }
  }

  /** Finds the class that begins: of those with a main method the one named as the file, else the first. */
  private static class MainClass implements TaskListener {
    private final JavaFileObject file;
    private final String fileName;
    String name;

    MainClass(JavaFileObject file, String fileName) {
      this.file = file;
      this.fileName = fileName;
      this.name = fileName;
    }

    @Override
    public void finished(TaskEvent event) {
      if (event.getKind() != TaskEvent.Kind.PARSE || !event.getSourceFile().toUri().equals(file.toUri())) return;
      CompilationUnitTree unit = event.getCompilationUnit();
      ClassTree chosen = null;
      for (Tree tree : unit.getTypeDecls()) {
        if (!(tree instanceof ClassTree)) continue;
        ClassTree type = (ClassTree) tree;
        if (chosen == null || rank(type) > rank(chosen)) chosen = type;
      }
      if (chosen == null) return;
      String prefix = unit.getPackageName() == null ? "" : unit.getPackageName() + ".";
      name = prefix + chosen.getSimpleName();
    }

    private int rank(ClassTree type) {
      if (type.getMembers().stream().noneMatch(MainClass::isMain)) return 0;
      return type.getSimpleName().contentEquals(fileName) ? 2 : 1;
    }

    private static boolean isMain(Tree member) {
      if (!(member instanceof MethodTree)) return false;
      MethodTree method = (MethodTree) member;
      return method.getName().contentEquals("main")
          && method.getModifiers().getFlags().contains(Modifier.STATIC);
    }
  }
}
