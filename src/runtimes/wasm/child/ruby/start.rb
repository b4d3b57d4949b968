# The contents of every interpreter's memory before its program: functions that begin and end a program as `ruby` does.
module CodeBeaker
  # The paths of this file and of its callers in backtraces.
  OWN = [__FILE__, "eval"].freeze
  # The methods by which the interpreter calls this file and the program.
  CALLS = ["Kernel.eval", "RubyVM::InstructionSequence#eval"].freeze
  @handlers = []

  class << self
    attr_reader :handlers

    # Runs code that every program runs, so that it is compiled.
    def warm_up
      directory = RbConfig::CONFIG["rubylibdir"]
      path = "#{directory}/English.rb"
      Dir.chdir(directory)
      begin_with(path, ["a"], { "WARM_UP" => "1" })
      ENV.clear
      open_program(path)
      RubyVM::InstructionSequence.compile("[1, 2.5, 'b'].map { |n| \"\#{n}\" }.join(' ')\nraise 'warm up'").eval
    rescue RuntimeError => error
      text_of(error)
      $stdout.write("")
      nil
    end

    # Opens a program by its orders: its file, its directory, the number of its arguments, these, and its variables.
    # Where it cannot be opened, the process ends.
    def open(hex)
      Object.send(:remove_const, :CodeBeaker)
      file, directory, count, *rest = [hex].pack("H*").force_encoding("UTF-8").split("\0", -1)
      Dir.chdir(directory)
      begin_with(file, rest.shift(count.to_i), rest.each_slice(2).to_h)
      open_program(file)
    rescue Exception => error
      finish(error)
    end

    # Ends the process as a program ends that an error has left, or none.
    def finish(error = nil)
      begin
        raise error unless error.nil?
        error = call_handlers(nil)
      rescue Exception # So that handlers find the error in $!.
        error = call_handlers(error)
      end
      report(error)
      flush
      exit!(status_of(error))
    end

    private

    def begin_with(file, args, variables)
      ARGV.replace(args)
      ENV.replace(variables)
      given = variables.fetch("RUBYLIB", "").split(":").reject(&:empty?)
      $:.unshift(*given.map { |directory| File.expand_path(directory) })
      srand # Every program begins with the same memory, and so with the same seed.
      $0 = file
    end

    def open_program(file)
      open_data(file)
      RubyVM::InstructionSequence.compile_file(file)
    rescue SystemCallError => error
      raise LoadError, "ruby: #{error.class.new.message} -- #{file}"
    end

    # Opens what stands below `__END__`.
    def open_data(file)
      source = File.binread(file)
      return unless (found = source.match(/^__END__\r?(?:\n|\z)/n))
      data = File.open(file)
      data.pos = found.end(0)
      Object.const_set(:DATA, data)
    end

    # Calls the handlers of the end, the last first. Returns the error that the program ends with.
    def call_handlers(error)
      while (handler = @handlers.pop)
        begin
          handler.call
        rescue SystemExit => another
          error = another
        rescue Exception => another
          report(another)
        end
      end
      error
    end

    # Writes out what the program has written.
    def flush
      ObjectSpace.each_object(IO) do |io|
        io.flush unless io.closed?
      rescue IOError, SystemCallError
        nil # It is open for reading alone, or its reader is gone.
      end
    end

    def report(error)
      return if error.nil? || error.is_a?(SystemExit)
      $stderr.write(text_of(error))
    rescue Exception
      nil # stderr is closed, or a message fails.
    end

    def text_of(error)
      remove_own_frames(error)
      return "#{error.detailed_message(highlight: false)}\n" if error.backtrace&.empty?
      error.full_message(highlight: false, order: :top)
    end

    def remove_own_frames(error)
      known = {}.compare_by_identity
      until error.nil? || known[error]
        known[error] = true
        places = error.backtrace_locations
        error.set_backtrace(places.reject { |place| own?(place) }) unless places.nil?
        error = error.cause
      end
    end

    def own?(place)
      OWN.include?(place.path) || (CALLS.include?(place.label) && place.lineno.zero?)
    end

    def status_of(error)
      case error
      when nil then 0
      when SystemExit then error.status
      when SignalException then 128 + error.signo
      else 1
      end
    end
  end
end

# Takes the handlers of the end, for which the interpreter has no function here.
module Kernel
  handlers = CodeBeaker.handlers
  define_method(:at_exit) do |&block|
    raise ArgumentError, "called without block" if block.nil?
    handlers.push(block)
    block
  end
  module_function :at_exit
end

# Gives variables the encoding of every other text. The interpreter has no locale, and would take them for bytes.
ENV.singleton_class.prepend(Module.new do
  read = lambda do |found|
    case found
    when String then found.dup.force_encoding(Encoding::UTF_8).freeze
    when Array then found.map(&read)
    else found
    end
  end
  %i[[] assoc key keys rassoc shift to_a values values_at].each do |name|
    define_method(name) { |*args, &block| read.call(super(*args, &block)) }
  end
  %i[except filter find_all inspect invert map reject select slice].each do |name|
    define_method(name) { |*args, &block| to_h.public_send(name, *args, &block) }
  end
  define_method(:to_hash) { to_a.to_h }
  define_method(:to_h) { |&block| block.nil? ? to_hash : to_hash.to_h(&block) }
  %i[delete fetch].each do |method|
    define_method(method) do |name, *rest, &block|
      known = key?(name)
      found = super(name, *rest, &block)
      known ? read.call(found) : found
    end
  end
  %i[each each_key each_pair each_value].each do |name|
    define_method(name) { |&block| block.nil? ? to_h.public_send(name) : (to_h.public_send(name, &block) && self) }
  end
  %i[delete_if filter! keep_if reject! select!].each do |name|
    define_method(name) { |&block| block.nil? ? super() : super() { |*pair| block.call(*read.call(pair)) } }
  end
  %i[merge! update].each do |name|
    define_method(name) do |*others, &block|
      block.nil? ? super(*others) : super(*others) { |one, old, new| block.call(one, read.call(old), new) }
    end
  end
end)

# Refuses to start other programs. The interpreter's own functions would take one that never ran for a success.
[
  [Kernel, %i[system spawn exec `]],
  [Process.singleton_class, %i[spawn exec daemon]],
  [IO.singleton_class, %i[popen]],
].each do |owner, names|
  names.each do |name|
    refuse = proc { |*| raise NotImplementedError, "#{name}() function is unimplemented on this machine", caller_locations(1) }
    owner.define_method(name, &refuse)
    Kernel.define_singleton_method(name, &refuse) if owner == Kernel
  end
end

GC.start
