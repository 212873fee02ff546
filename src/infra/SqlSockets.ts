import { connect, type NetConnectOpts, type Socket } from "node:net"

/** What a socket had read and written when it last owed nothing, and for how many looks it has been silent since. */
interface Seen {
  read: number
  written: number
  silent: number
}

/** Milliseconds between two looks. */
const interval = 100

/**
 * The sockets of a pool. One that was written to and stays silent for longer than PostgreSQL may take for a statement
 * leads to nobody: it is closed, since the pool would hand it out again and new statements would queue behind the lost
 * ones. Looks are counted, not milliseconds: after a pause of this process the answers come first.
 */
export class SqlSockets {
  private readonly sockets = new Map<Socket, Seen>()
  private readonly address: NetConnectOpts
  private readonly looks: number
  private timer: NodeJS.Timeout | undefined

  constructor(address: NetConnectOpts, patience: number) {
    this.address = address
    this.looks = Math.ceil(patience / interval)
  }

  readonly connect = () => {
    const socket = connect(this.address)
    this.sockets.set(socket, { read: 0, written: 0, silent: 0 })
    return socket.once("close", () => this.sockets.delete(socket))
  }

  /** Begins to look: migrations, which come first, may take as long as they need. */
  readonly watch = () => {
    this.timer ??= setInterval(this.look, interval).unref()
  }

  readonly close = () => clearInterval(this.timer)

  private readonly look = () => {
    for (const [socket, seen] of this.sockets) {
      const { bytesRead, bytesWritten } = socket
      if (bytesRead !== seen.read || bytesWritten === seen.written) {
        seen.read = bytesRead
        seen.written = bytesWritten
        seen.silent = 0
      } else if ((seen.silent += 1) > this.looks) {
        socket.destroy(new Error("PostgreSQL stays silent"))
      }
    }
  }
}
