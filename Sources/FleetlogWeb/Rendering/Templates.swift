/// Every template, read and checked once at start.
struct Templates: Sendable {
  let layout: Template<Layout>
  let overview: Template<OverviewPage>
  let events: Template<EventsPage>
  let event: Template<SingleEventPage>
  let sessions: Template<SessionsPage>
  let session: Template<TranscriptPage>
  let diff: Template<DiffSummaryPage>
  let workers: Template<WorkersPage>
  let runs: Template<RunsPage>
  let run: Template<SingleRunPage>
  let tasks: Template<TasksPage>
  let task: Template<SingleTaskPage>
  let graph: Template<GraphPage>
  let sources: Template<SourcesPage>
  let validation: Template<ValidationPage>
  let contract: Template<ContractPage>
  let health: Template<HealthPage>
  let problem: Template<ProblemPage>
  let signIn: Template<SignInPage>

  /// A session as one file: what stands before its transcript, and after it.
  let export: Template<ExportHead>
  let exportEnd: Template<ExportEnd>

  /// A value of a payload with those inside it.
  let payload: Template<PayloadNode>
  /// An entry of a transcript, with a sub-agent's own entries inside it.
  let entry: Template<TranscriptEntry>

  /// Names that a context offers and no template takes; empty in a consistent build.
  let unusedSlots: [String]

  /// - Parameter load: the text of a template by its name, nil where there is none.
  init(load: @escaping (String) -> [UInt8]?) throws(TemplateError) {
    let parser = TemplateParser(load: load)
    let compiler = TemplateCompiler()
    layout = try Template(parser.parse("layout"), compiler)
    overview = try Template(parser.parse("overview"), compiler)
    events = try Template(parser.parse("events"), compiler)
    event = try Template(parser.parse("event"), compiler)
    sessions = try Template(parser.parse("sessions"), compiler)
    session = try Template(parser.parse("session"), compiler)
    diff = try Template(parser.parse("diff_summary"), compiler)
    workers = try Template(parser.parse("workers"), compiler)
    runs = try Template(parser.parse("runs"), compiler)
    run = try Template(parser.parse("run"), compiler)
    tasks = try Template(parser.parse("tasks"), compiler)
    task = try Template(parser.parse("task"), compiler)
    graph = try Template(parser.parse("graph"), compiler)
    sources = try Template(parser.parse("sources"), compiler)
    validation = try Template(parser.parse("validation"), compiler)
    contract = try Template(parser.parse("contract"), compiler)
    health = try Template(parser.parse("health"), compiler)
    problem = try Template(parser.parse("problem"), compiler)
    signIn = try Template(parser.parse("sign_in"), compiler)
    export = try Template(parser.parse("export"), compiler)
    exportEnd = try Template(parser.parse("export_end"), compiler)
    payload = try Template(parser.parse("payload_node"), compiler)
    entry = try Template(parser.parse("transcript_entry"), compiler)
    unusedSlots = compiler.unusedSlots
  }
}

/// Which of the templates a page fills.
typealias TemplatePath<Context: TemplateContext> = any KeyPath<Templates, Template<Context>>
  & Sendable
