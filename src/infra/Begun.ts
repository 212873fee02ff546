/**
 * How many requests this process has begun to serve, those about compositions aside, in memory that its threads share:
 * whoever can wait gives way while it grows. It is the process's, as its processor is, however many services run in it.
 */
export const begun = new Int32Array(new SharedArrayBuffer(4))
