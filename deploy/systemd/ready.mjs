// Waits until the service of APP_PORT is ready: ExecStartPost of raid-composition-backend.service. Fails when the process
// MAINPID ended, for which systemd would not stop waiting. TimeoutStartSec ends both.
import { setTimeout } from "node:timers/promises"

const { APP_PORT, MAINPID } = process.env

const isReady = () =>
  fetch(`http://localhost:${APP_PORT}/api/v1/health/ready`).then(
    ({ ok }) => ok,
    () => false
  )

const isRunning = () => {
  try {
    return process.kill(Number(MAINPID), 0)
  } catch {
    return false
  }
}

while (!(await isReady())) {
  if (!isRunning()) process.exit(1)
  await setTimeout(200)
}
