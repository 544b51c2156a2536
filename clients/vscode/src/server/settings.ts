// Which of the user's settings go to the server, and on which way.
//
// What only the user may set (scope `machine`) goes in the environment of the server's process: the server takes it
// from no message, since other editors fill those from files of a workspace. The rest goes when the server asks.

/** What `inspect` tells of one setting. */
export interface SettingValues {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

export type Inspect = (name: string) => SettingValues | undefined;

/** Properties of package.json, by full name. */
export type Properties = Readonly<Record<string, { readonly scope?: string }>>;

export const USER_VARIABLE = "SEMLENS_USER_SETTINGS";

/** Defaults are left out everywhere: the server knows them, and has files of its own that they must not hide. */
export class ServerSettings {
  private readonly userOnlyNames: readonly string[];
  private readonly sharedNames: readonly string[];

  constructor(properties: Properties) {
    const namesByScope = (isUserOnly: boolean): string[] =>
      Object.entries(properties)
        .filter(([, property]) => (property.scope === "machine") === isUserOnly)
        .map(([name]) => name.replace(/^semlens\./, ""));
    this.userOnlyNames = namesByScope(true);
    this.sharedNames = namesByScope(false);
  }

  /** The user's own settings as JSON, for `USER_VARIABLE`: never what a workspace or a folder sets. */
  userOnly(inspect: Inspect): string {
    return JSON.stringify(Object.fromEntries(this.userOnlyNames.map((name) => [name, inspect(name)?.globalValue])));
  }

  /** The others by name. An untrusted workspace sets nothing. */
  shared(inspect: Inspect, isTrusted: boolean): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const name of this.sharedNames) {
      const values = inspect(name);
      const workspaceValue = isTrusted ? (values?.workspaceFolderValue ?? values?.workspaceValue) : undefined;
      const value = workspaceValue ?? values?.globalValue;
      if (value !== undefined) {
        result[name] = value;
      }
    }
    return result;
  }
}
