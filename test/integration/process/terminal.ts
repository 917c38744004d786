/**
 * Runs a command line on a terminal of its own: what it prints comes out, what is written in is typed, and it ends as
 * the command does.
 */
const PROGRAM = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    ready = select.select([terminal, 0], [], [])[0]
    if 0 in ready:
        os.write(terminal, os.read(0, 100))
    if terminal in ready:
        try:
            printed = os.read(terminal, 65536)
        except OSError:
            break
        if not printed:
            break
        os.write(1, printed)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`

export const ON_A_TERMINAL = ["/usr/bin/python3", "-c", PROGRAM] as const
export const CTRL_C = "\u0003"
