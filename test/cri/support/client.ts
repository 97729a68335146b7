import { join } from 'node:path';
import { Client, credentials, type MethodDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { repository } from '../../support/paths.ts';
import type { CriMethods } from './messages.ts';

const SERVICES = ['runtime.v1.RuntimeService', 'runtime.v1.ImageService'];
const LIMIT_MILLISECONDS = 60_000;

/** A client of the CRI that containerd serves on its socket. */
export class CriClient {
  readonly #client: Client;
  readonly #methods = loadMethods();

  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure());
  }

  /** Calls a method. Rejects with grpc-js's ServiceError, which has the `code` and `details` of the answer. */
  call<Name extends keyof CriMethods>(
    name: Name,
    request: CriMethods[Name]['request'],
  ): Promise<CriMethods[Name]['response']> {
    const method = this.#methods.get(name);
    if (method === undefined) throw new Error(`the proto file has no method ${name}`);
    const options = { deadline: Date.now() + LIMIT_MILLISECONDS };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        options,
        (error, response) => {
          if (error === null && response !== undefined) resolve(response);
          else reject(error);
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

type Method = MethodDefinition<object, CriMethods[keyof CriMethods]['response']>;

function loadMethods(): Map<string, Method> {
  const definition = loadSync(join(repository, 'test/cri/proto/runtime.proto'), {
    longs: Number,
    enums: String,
    defaults: true,
  });
  const services = SERVICES.map((name) => definition[name] as ServiceDefinition);
  return new Map(services.flatMap((service) => Object.entries(service)) as [string, Method][]);
}
