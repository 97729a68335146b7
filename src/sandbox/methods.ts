import {
  CreateSandboxRequest,
  CreateSandboxResponse,
  PingSandboxRequest,
  PingSandboxResponse,
  SandboxMetricsRequest,
  SandboxMetricsResponse,
  SandboxPlatformRequest,
  SandboxPlatformResponse,
  SandboxStatusRequest,
  SandboxStatusResponse,
  ShutdownSandboxRequest,
  ShutdownSandboxResponse,
  StartSandboxRequest,
  StartSandboxResponse,
  StopSandboxRequest,
  StopSandboxResponse,
  WaitSandboxRequest,
  WaitSandboxResponse,
} from '../proto/messages.ts';
import type { TaskService } from '../task/taskService.ts';
import { type UnaryHandler, unary } from '../ttrpc/service.ts';
import { SandboxService } from './sandboxService.ts';

/**
 * The methods of the sandbox API, by name.
 * @param changed is told when a sandbox comes, and when it is gone for good
 */
export function openSandboxes(
  tasks: TaskService,
  changed: (present: boolean) => void,
): ReadonlyMap<string, UnaryHandler> {
  const sandboxes = new SandboxService(tasks, changed);
  return new Map<string, UnaryHandler>([
    [
      'CreateSandbox',
      unary(CreateSandboxRequest, CreateSandboxResponse, async (r, c) => {
        await sandboxes.create(r, c);
        return {};
      }),
    ],
    [
      'StartSandbox',
      unary(StartSandboxRequest, StartSandboxResponse, (r, c) => sandboxes.start(r.sandboxId, c)),
    ],
    [
      'Platform',
      unary(SandboxPlatformRequest, SandboxPlatformResponse, (r) =>
        sandboxes.platform(r.sandboxId),
      ),
    ],
    [
      'StopSandbox',
      unary(StopSandboxRequest, StopSandboxResponse, async (r, c) => {
        await sandboxes.stop(r, c);
        return {};
      }),
    ],
    [
      'WaitSandbox',
      unary(WaitSandboxRequest, WaitSandboxResponse, (r, c) => sandboxes.wait(r.sandboxId, c)),
    ],
    [
      'SandboxStatus',
      unary(SandboxStatusRequest, SandboxStatusResponse, (r) => sandboxes.status(r)),
    ],
    [
      'PingSandbox',
      unary(PingSandboxRequest, PingSandboxResponse, (r) => {
        sandboxes.ping(r.sandboxId);
        return {};
      }),
    ],
    [
      'ShutdownSandbox',
      unary(ShutdownSandboxRequest, ShutdownSandboxResponse, async (r) => {
        await sandboxes.shutdown(r.sandboxId);
        return {};
      }),
    ],
    [
      'SandboxMetrics',
      unary(SandboxMetricsRequest, SandboxMetricsResponse, (r) => sandboxes.metrics(r.sandboxId)),
    ],
  ]);
}
