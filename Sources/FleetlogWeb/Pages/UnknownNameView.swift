import FleetlogEvents
import FleetlogStore

/// A name in a filter that the log has nowhere, with the ways to those near it.
struct UnknownNameView: TemplateContext {
  let name: UnknownName
  let filter: EventFilter
  let view: EventsView

  static let slots: [Slot<UnknownNameView>] = [
    .text("noun", \.name.noun),
    .text("value", \.name.value),
    .text("end") { view in
      view.name.isAwaited
        ? " yet."
        : !view.name.near.isEmpty
          ? "; near it:" : !view.name.others.isEmpty ? "; it has:" : "."
    },
    .list("names") { view in
      (view.name.near + view.name.others).map { name in
        NamedValue(name, view.url(of: name))
      }
    },
  ]

  /// The same view with another name in the place of the unknown one.
  private func url(of other: String) -> String {
    let query = filter.parameters.map { parameter in
      parameter.name == name.parameter && parameter.value == name.value
        ? (name: parameter.name, value: other) : parameter
    }
    return Location("events", query: query + view.manner).description
  }
}
