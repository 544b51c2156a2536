import Combine
import SwiftUI

/// Something that can be saved.
public protocol Storable: AnyObject, Codable {
    associatedtype Key: Hashable
    var key: Key { get }
    static func load(_ key: Key) throws -> Self
}

@MainActor
public final class Store<Item: Storable>: ObservableObject {
    @Published public private(set) var items: [Item] = []
    private let queue = DispatchQueue(label: "store")
    static var shared = Store()

    var count: Int {
        items.count
    }

    public init(items: [Item] = []) {
        self.items = items
    }

    deinit {
        queue.sync {}
    }

    /// Adds one.
    @discardableResult
    public func add(_ item: Item, at index: Int? = nil) async throws -> Bool {
        func position() -> Int { index ?? items.endIndex }
        items.insert(item, at: position())
        return true
    }

    subscript(key: Item.Key) -> Item? {
        items.first { $0.key == key }
    }

    enum Failure: Error {
        case missing(key: String)
        case full, closed
        var text: String { "failure" }
    }
}

extension Store: CustomStringConvertible where Item: CustomStringConvertible {
    public var description: String { "store" }
    func dump() {
        print(description)
    }
}

struct ContentView: View {
    @State private var query = ""
    var body: some View {
        Text(query)
    }
}

typealias StringStore = [String: String]

func == (left: ContentView, right: ContentView) -> Bool { true }
