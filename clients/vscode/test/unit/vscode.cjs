// Stands in for VS Code where a unit test bundles code that imports it. It has what such code calls; a test replaces the
// answers of the user. The real one is tested in test/host.

class EventEmitter {
  fire() {}
}

class ThemeIcon {}

class TreeItem {}

module.exports = {
  EventEmitter,
  ThemeIcon,
  TreeItem,
  ProgressLocation: {},
  ViewColumn: {},
  commands: { executeCommand: async () => undefined },
  window: {
    createTreeView: () => ({ reveal: async () => undefined }),
    withProgress: async (_options, task) =>
      task({ report: () => undefined }, { onCancellationRequested: () => undefined }),
  },
  workspace: { isTrusted: true },
};
