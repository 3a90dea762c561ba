/// Files that were not meant to be asked for, and texts that could become something else.
extension AttackGroup {
  private static func path(_ target: String, _ status: Int = 404) -> Attack {
    Attack(
      target, Attack.request("GET \(target)"), .keeps([status]),
      absent: ["root:", "swift-tools-version", "mustache", "[core]"])
  }

  static let traversal = AttackGroup(
    name: "files outside",
    attacks: [
      path("/etc/passwd"),
      path("//etc/passwd"),
      path("/../../../../etc/passwd"),
      path("/%2e%2e/%2e%2e/%2e%2e/etc/passwd"),
      path("/assets/../Package.swift"),
      path("/assets/..%2fPackage.swift"),
      path("/assets/..%2F..%2F..%2F..%2Fetc%2Fpasswd"),
      path("/assets/%2e%2e%2fTemplates%2flayout.mustache"),
      path("/assets/....//....//Package.swift"),
      path("/assets/..;/Package.swift"),
      path("/assets/..%5cPackage.swift"),
      path("/assets/..\\Package.swift"),
      path("/assets/..%252fPackage.swift"),
      path("/assets/%252e%252e%252fPackage.swift"),
      path("/assets//etc/passwd"),
      path("/assets/%2fetc%2fpasswd"),
      path("/assets/./fleetlog.css"),
      path("/assets/fleetlog.css/"),
      path("/assets/FLEETLOG.CSS"),
      path("/assets/prices.json"),
      path("/assets/"),
      path("/assets"),
      path("/assets/fleetlog.css%00.svg", 400),
      path("/assets/%c0%ae%c0%ae/Package.swift", 400),
      path("/assets/%ff", 400),
      path("/assets/%", 400),
      path("/export/sessions/..%2F..%2F..%2Fetc%2Fpasswd.html"),
      path("/export/sessions/%2e%2e.json"),
      path("/export/sessions/..%2f..%2fetc%2fpasswd%00.html", 400),
      path("/export/sessions/../../../../etc/passwd.md"),
      path("/export/sessions/.ndjson"),
      path("/export/../events.csv"),
      path("/sessions/..%2f..%2fetc%2fpasswd"),
      path("/sessions/..%2f..%2fetc%2fpasswd/diff-summary"),
      path("/tasks/..%2f..%2fetc"),
      path("/.git/config"),
      path("/.env"),
      path("/fleetlog.db"),
      path("/log.db-token"),
      path("/cgi-bin/.%2e/.%2e/bin/sh"),
      path("/proc/self/environ"),
      path("/api/events/../../healthz"),
    ])

  private static func query(
    _ target: String, _ status: Int, absent: [String] = []
  ) -> Attack {
    Attack(
      target, Attack.request("GET \(target)"), .keeps([status]),
      absent: ["<script>alert", "near \""] + absent)
  }

  static let injection = AttackGroup(
    name: "texts that could become something else",
    attacks: [
      query("/events?q=%27%20OR%201=1--", 200),
      query("/events?q=%22%20UNION%20SELECT%20*%20FROM%20events--", 200),
      query("/events?q=%22%22%22", 200),
      query("/events?q=NEAR(a%20b,%20c)", 200),
      query("/events?q=event_text:x%20*", 200),
      query("/events?q=(((((((((((", 200),
      query("/events?type=x%27;DROP%20TABLE%20events;--", 200),
      query("/events?session=%27%20OR%20%271%27=%271", 200),
      query("/events?project=%25%27)%20OR%201=1", 200),
      query("/events?limit=1;DELETE%20FROM%20events", 400),
      query("/events?limit=-1", 400),
      query("/events?limit=999999999999999999999", 400),
      query("/events?sort=id;--", 400),
      query("/events?min_severity=1%20OR%201=1", 400),
      query("/events?since=%27now%27", 400),
      query("/events?after=1,1);--", 400),
      query("/events?run=1%20OR%201", 400),
      query("/events?source_kind=%27", 400),
      query("/events?%27%20OR%201=1", 400),
      query("/events.json?q=%00", 400),
      query("/events/1%20OR%201=1", 404),
      query("/events/-1", 404),
      query("/events/99999999999999999999", 404),
      query("/runs/1;DROP%20TABLE%20runs", 404),
      query("/sessions/%27%20OR%20%271%27=%271", 404),
      query("/workers?at=%27%27", 400),
      query("/events?q=%3Cscript%3Ealert(1)%3C/script%3E", 200),
      query("/events?type=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", 200),
      query("/events?%3Cscript%3Ealert(1)%3C/script%3E=1", 400),
      query("/%3Cscript%3Ealert(1)%3C/script%3E", 404),
      query("/<script>alert(1)</script>", 404),
      query("/events.json?q=%3C/script%3E%3Cscript%3Ealert(1)", 200),
      query("/sessions/x%0d%0aInjected:%201", 404),
      query("/export/sessions/x%0d%0aInjected:%201.html", 404),
      query("/export/sessions/x%22%0d%0aInjected:%201.csv", 404),
      query("/assets/fleetlog.css?v=x%0d%0aInjected:%201", 200),
      query("/events?q=x%0d%0aInjected:%201", 200),
      query("/login?to=%0d%0aInjected:%201", 303),
      query("/login?to=//evil.example", 303, absent: ["evil.example"]),
      query("/login?to=https://evil.example", 303, absent: ["evil.example"]),
      .get("a stream that begins nowhere", "/live", "Last-Event-ID: 1 OR 1=1", is: 400),
      .get("a stream that begins before all", "/live", "Last-Event-ID: -1", is: 400),
      .get("a stream of a filter that is none", "/live?type[]=x", is: 400),
      .post(
        "an event with a type like markup", #"{"event_type": "<script>alert(1)</script>"}"#,
        "Content-Type: application/json", is: 400, present: ["application/json"]),
      .get(
        "a refusal that repeats a header", "/", "X: 1", "Accept: <script>alert(1)</script>",
        is: 200,
        absent: ["<script>alert"]),
    ])
}
