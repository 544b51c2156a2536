import type { Request } from './http';

export interface Repository<T extends { id: string }> {
  readonly name: string;
  find(id: string): Promise<T | undefined>;
  new (url: string): Repository<T>;
  [key: string]: unknown;
}

export type Handler = (request: Request) => void;

export const enum Level {
  Debug,
  Info = 'info',
}

@Injectable({ scope: 'request' })
export class UserService implements Repository<User> {
  readonly name = 'users';
  private static cache?: Map<string, User>;

  constructor(
    @Inject(DB) private readonly database: Database,
    private logger = console,
  ) {}

  @Cached()
  @Log('find')
  async find(id: string): Promise<User | undefined> {
    return this.database.query(id);
  }

  get size(): number {
    return UserService.cache?.size ?? 0;
  }

  private handle: Handler = (request) => {
    this.logger.log(request);
  };

  protected abstract close(): void;
}

declare global {
  interface Window {
    app: UserService;
  }
}

export namespace Shapes {
  export abstract class Shape {
    abstract area(): number;
  }
  export function unit(): Shape;
  export function unit(size?: number): Shape {
    return new Square(size ?? 1);
  }
}

export function assertNever(value: never): never {
  throw new Error(`unexpected ${value}`);
}
