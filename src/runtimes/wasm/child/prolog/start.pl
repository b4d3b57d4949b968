% Runs a program as `swipl main.pl` does without its prompt. A goal of the program that fails or raises an error makes
% the exit code 1.
:- module(codebeaker, [run/4]).

:- dynamic failed/0.

run(File, Directory, Args, Variables) :-
    forall(member(Name, ['USER', 'LOGNAME', 'PATH', 'PWD', 'HOME', 'LANG', '_']), unsetenv(Name)), % Emscripten's.
    forall(member(Name-Value, Variables), setenv(Name, Value)),
    working_directory(_, Directory),
    set_prolog_flag(argv, Args),
    set_random(seed(random)),
    asserta((user:thread_message_hook(Term, Kind, _) :- codebeaker:note(Term, Kind), fail)),
    (   exists_file(File)
    ->  catch(load_files(user:File, []), Error, report(Error))
    ;   format(user_error, 'swipl: No such file: ~w~n', [File]),
        halt(2)
    ),
    forall('$init_goal'(when(program), Goal, Context), '$run_init_goal'(Goal, Context)),
    findall(Goal-Context, '$init_goal'(when(main), Goal, Context), Mains),
    (   last(Mains, Main-Place)
    ->  '$run_init_goal'(Main, Place)
    ;   true
    ),
    (   failed
    ->  halt(1)
    ;   halt(0)
    ).

% Reports what is thrown and is no error/2, which ends the loading.
report(unwind(Why)) :- !, throw(unwind(Why)).
report(Error) :- print_message(error, unhandled_exception(Error)).

note(Message, Kind) :-
    fails(Message, Kind),
    \+ failed,
    assertz(failed).

fails(_, error).
fails(goal_failed(_, _), warning).
fails(initialization_failure(_, _), warning).

% The interpreter's own succeed without running anything.
:- redefine_system_predicate(system:shell(_)).
:- redefine_system_predicate(system:shell(_, _)).

system:shell(_) :- no_programs(shell/1).

system:shell(_, _) :- no_programs(shell/2).

no_programs(Predicate) :-
    throw(error(system_error('There are no other programs'), context(system:Predicate, _))).

% The interpreter's own would keep a processor busy.
:- redefine_system_predicate(system:sleep(_)).

system:sleep(Seconds) :-
    must_be(number, Seconds),
    Milliseconds is max(0, Seconds * 1000.0),
    format(atom(Script), 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ~15g)', [Milliseconds]),
    js_run_script(Script).
