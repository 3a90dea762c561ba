import FleetlogEvents
import Testing

@testable import FleetlogWeb

@Suite("The figures at a session's head")
struct FigureTests {
  private func figures(_ cost: Cost?) -> [Figure] {
    var session = SessionSummary(id: "s/1", startedAt: 0, lastAt: 60_000)
    session.outputTokens = 1_200_000
    return Figure.all(of: session, contradictions: 0, cost: cost.map(CostText.init))
  }

  private func cost(priced: Int, unpriced: Int = 0, dollars: Int64 = 2) -> Cost {
    var cost = Cost()
    cost.money = Money(picodollars: Int128(dollars) * 1_000_000_000_000)
    cost.pricedTokens = priced
    cost.unpricedTokens = unpriced
    if unpriced > 0 { cost.unpricedModels = ["new-model"] }
    return cost
  }

  @Test("say beside the tokens what they cost, and lead to the table of models")
  func priced() throws {
    let figures = figures(cost(priced: 1_200_000))
    let tokens = try #require(figures.firstIndex { $0.value == "1.2 M tokens" })
    #expect(figures[tokens + 1].value == "$2.00")
    #expect(figures[tokens + 1].label == "at list prices")
    #expect(figures[tokens + 1].url == "/sessions/s%2F1#usage")
  }

  @Test("say that no end of a turn is recorded rather than that none ended")
  func turns() {
    var session = SessionSummary(id: "s", startedAt: 0, lastAt: 60_000)
    session.prompts = 11
    func label() -> String? {
      Figure.all(of: session, contradictions: 0, cost: nil).first { $0.value == "11 prompts" }?
        .label
    }
    #expect(label() == "no end of a turn recorded")
    session.turns = 2
    #expect(label() == "2 turns finished")
  }

  @Test("say where tokens are not in the sum, and where none has a price")
  func unpriced() {
    let part = figures(cost(priced: 5, unpriced: 3))
    #expect(
      part.contains { $0.value == "$2.00 +" && $0.label == "tokens without a price left out" })
    let none = figures(cost(priced: 0, unpriced: 3, dollars: 0))
    #expect(none.contains { $0.value == "no price" && $0.label == "for these tokens" })
  }

  @Test("say nothing of a cost where nothing was used, or prices are not at hand")
  func unused() {
    for cost in [Cost(), nil] {
      #expect(!figures(cost).contains { $0.url?.hasSuffix("#usage") ?? false })
    }
  }
}

@Suite("The figures at a task's head")
struct TaskFigureTests {
  @Test("name a worker once that was told by its path and by its name")
  func workers() {
    var task = TaskSummary(id: "issue:215", at: 0)
    task.workers = ["/home/dev/loop/wt-215", "wt-215", "wt-216"]
    #expect(task.workerNames == "wt-215, wt-216")
    task.workers = ["/home/dev/loop/wt-215", "wt-215"]
    #expect(task.shortWorkers.count == 1)
  }
}
