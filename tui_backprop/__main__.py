"""The command `backprop-tui`, also as `python -m tui_backprop`."""

import gc
import io
import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt while modules are imported ends it without a traceback


def main() -> int:
    """Run the command line, and return the exit status."""
    closed = sys.stdout is None
    # a closed one is None to Python, and the next file that is opened would take its place
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 (it stays open)
    if closed:
        print("backprop-tui: the standard output is closed", file=sys.stderr)
        return 1
    from .programs.collecting import RARELY

    gc.set_threshold(*RARELY)
    from .commands.cli import main
    from .drawing.ascii import LIKENESS

    # what is foreign in one character is no end of all
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, LIKENESS), (sys.stderr, LIKENESS)):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return main()
    except KeyboardInterrupt as error:
        from .complaints import say_where_interrupted

        return say_where_interrupted(error)
    except Exception as error:  # a fault of our own; where a session is open, it was caught and the session saved
        from .complaints import complain
        from .crash import report_crash

        for said in report_crash(error):
            complain(said)
        return 1


if __name__ == "__main__":
    sys.exit(main())
