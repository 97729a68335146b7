import * as messages from '../proto/messages.ts';
import type { Service, UnaryHandler } from '../ttrpc/server.ts';
import { unary } from '../ttrpc/server.ts';
import type { SandboxService } from './sandboxService.ts';

/** @param load gives the service; it is asked at the first call of a daemon that uses sandboxes at all */
export function sandboxMethods(load: () => Promise<SandboxService>): Service {
  const m = messages;
  return {
    name: 'containerd.runtime.sandbox.v1.Sandbox',
    unary: new Map<string, UnaryHandler>([
      [
        'CreateSandbox',
        unary(m.CreateSandboxRequest, m.CreateSandboxResponse, async (r, c) => {
          await (await load()).create(r, c);
          return {};
        }),
      ],
      [
        'StartSandbox',
        unary(m.StartSandboxRequest, m.StartSandboxResponse, async (r, c) =>
          (await load()).start(r.sandboxId, c),
        ),
      ],
      [
        'Platform',
        unary(m.SandboxPlatformRequest, m.SandboxPlatformResponse, async (r) =>
          (await load()).platform(r.sandboxId),
        ),
      ],
      [
        'StopSandbox',
        unary(m.StopSandboxRequest, m.StopSandboxResponse, async (r, c) => {
          await (await load()).stop(r, c);
          return {};
        }),
      ],
      [
        'WaitSandbox',
        unary(m.WaitSandboxRequest, m.WaitSandboxResponse, async (r, c) =>
          (await load()).wait(r.sandboxId, c),
        ),
      ],
      [
        'SandboxStatus',
        unary(m.SandboxStatusRequest, m.SandboxStatusResponse, async (r) =>
          (await load()).status(r),
        ),
      ],
      [
        'PingSandbox',
        unary(m.PingSandboxRequest, m.PingSandboxResponse, async (r) => {
          (await load()).ping(r.sandboxId);
          return {};
        }),
      ],
      [
        'ShutdownSandbox',
        unary(m.ShutdownSandboxRequest, m.ShutdownSandboxResponse, async (r) => {
          await (await load()).shutdown(r.sandboxId);
          return {};
        }),
      ],
      [
        'SandboxMetrics',
        unary(m.SandboxMetricsRequest, m.SandboxMetricsResponse, async (r) =>
          (await load()).metrics(r.sandboxId),
        ),
      ],
    ]),
  };
}
