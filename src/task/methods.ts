import * as messages from '../proto/messages.ts';
import { emptyBytes, type MessageType } from '../proto/wire.ts';
import {
  type Call,
  decodePayload,
  type Service,
  type UnaryHandler,
  unary,
} from '../ttrpc/server.ts';
import type { TaskService } from './taskService.ts';

/** A method that answers google.protobuf.Empty: a payload of no bytes. */
function silent<Request>(
  requestType: MessageType<Request>,
  method: (request: Request, call: Call) => void | Promise<void>,
): UnaryHandler {
  return (payload, call) => {
    const done = method(decodePayload(requestType, payload), call);
    return done instanceof Promise ? done.then(() => emptyBytes) : emptyBytes;
  };
}

/** Versions 2 and 3 have the same methods and messages under two names; both are always served (contract 14.1). */
export function taskServices(tasks: TaskService): readonly Service[] {
  const m = messages;
  const methods = new Map<string, UnaryHandler>([
    ['State', unary(m.StateRequest, m.StateResponse, (r) => tasks.state(r))],
    ['Create', unary(m.CreateTaskRequest, m.CreateTaskResponse, (r, c) => tasks.create(r, c))],
    ['Start', unary(m.StartRequest, m.StartResponse, (r, c) => tasks.start(r, c))],
    ['Delete', unary(m.DeleteRequest, m.DeleteResponse, (r) => tasks.delete(r))],
    ['Pids', unary(m.PidsRequest, m.PidsResponse, (r, c) => tasks.pids(r, c))],
    ['Pause', silent(m.PauseRequest, (r, c) => tasks.pause(r.id, c))],
    ['Resume', silent(m.ResumeRequest, (r, c) => tasks.resume(r.id, c))],
    ['Checkpoint', silent(m.CheckpointTaskRequest, (r, c) => tasks.checkpoint(r, c))],
    ['Kill', silent(m.KillRequest, (r) => tasks.kill(r))],
    ['Exec', silent(m.ExecProcessRequest, (r) => tasks.exec(r))],
    ['ResizePty', silent(m.ResizePtyRequest, (r) => tasks.resizePty(r))],
    ['CloseIO', silent(m.CloseIORequest, (r) => tasks.closeIo(r.id, r.execId))],
    ['Update', silent(m.UpdateTaskRequest, (r, c) => tasks.update(r, c))],
    ['Wait', unary(m.WaitRequest, m.WaitResponse, (r, c) => tasks.wait(r, c))],
    ['Stats', unary(m.StatsRequest, m.StatsResponse, (r) => tasks.stats(r))],
    ['Connect', unary(m.ConnectRequest, m.ConnectResponse, (r) => tasks.connect(r))],
    ['Shutdown', silent(m.ShutdownRequest, (r) => tasks.shutdown(r))],
  ]);
  return [
    { name: 'containerd.task.v2.Task', unary: methods },
    { name: 'containerd.task.v3.Task', unary: methods },
  ];
}
