// Selects the settings that are sent to the server.
//
// User-only settings (scope `machine`) go into the environment of the server's process. The server accepts them from no
// message, because other editors fill messages from files of a workspace. All others are sent when the server requests
// them.

/** The values of one setting, as VS Code's `inspect` returns them. */
export interface SettingValues {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

export type Inspect = (name: string) => SettingValues | undefined;

/** Properties of package.json, by full name. */
export type Properties = Readonly<Record<string, { readonly scope?: string }>>;

export const USER_VARIABLE = "SEMLENS_USER_SETTINGS";

/** Leaves out defaults: the server knows them, and they must not override its configuration files. */
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

  /** The user-only settings as JSON, for `USER_VARIABLE`. Ignores values of workspaces and folders. */
  userOnly(inspect: Inspect): string {
    return JSON.stringify(Object.fromEntries(this.userOnlyNames.map((name) => [name, inspect(name)?.globalValue])));
  }

  /** The other settings by name. Ignores values of an untrusted workspace. */
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
