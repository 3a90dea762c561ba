/// One kind of secret that is told by its looks.
package struct SecretShape: Sendable {
  /// How a secret of this kind is recognised.
  package enum Form: Sendable {
    /// Text of this pattern; see `SecretPattern` for what one may hold.
    ///
    /// - Parameter isMixed: whether letters and digits must both be there, where words alone would
    ///   match.
    case pattern(String, isMixed: Bool = false)
    /// `-----BEGIN … PRIVATE KEY-----` with what follows it.
    case keyBlock
    /// `scheme://user:password@host`; only the password.
    case password
    /// A name that says that its value is secret, and the value: `DEPLOY_TOKEN=…`, `"apiKey": "…"`.
    case named
  }

  /// What stands in its place: `[redacted: GitHub token]`.
  package let kind: String
  package let form: Form
  /// Invented, and put together from parts: whoever looks for secrets in sources finds none here.
  package let example: String
}

/// What is taken for a secret: the one list behind every export.
///
/// To add one, add a line: a test takes the example for a true positive, and refuses patterns that
/// could not be matched in one pass.
package enum SecretShapes {
  package static let named = "secret by its name"

  package static let all: [SecretShape] = [
    pattern("Anthropic key", "sk-ant-[A-Za-z0-9_-]{20,}", "sk-ant-" + letters(40)),
    pattern(
      "OpenAI key", "sk-(proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}",
      "sk-proj-" + letters(40)),
    pattern("Fleetlog token", "fleetlog_[a-f0-9]{64}", "fleetlog_" + hex(64)),
    pattern("OpenRouter key", "sk-or-v1-[a-f0-9]{40,}", "sk-or-v1-" + hex(64)),
    pattern("OpenAI key", "sk-[A-Za-z0-9]{32,64}", "sk-" + letters(48)),
    pattern("GitHub token", "gh[pousr]_[A-Za-z0-9]{36,255}", "ghp_" + letters(36)),
    pattern("GitHub token", "github_pat_[A-Za-z0-9_]{60,255}", "github_pat_" + letters(82)),
    pattern("GitLab token", "gl(pat|dt|rt|cbt|ptt)-[A-Za-z0-9_-]{20,255}", "glpat-" + letters(20)),
    pattern("AWS key id", "(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}", "AKIA" + capitals(16)),
    pattern("Slack token", "xox[abeoprs]-[A-Za-z0-9-]{10,}", "xoxb-" + letters(40)),
    pattern("Slack token", "xapp-[0-9]-[A-Za-z0-9-]{10,}", "xapp-1-" + letters(40)),
    pattern(
      "Slack webhook", "hooks.slack.com/services/[A-Za-z0-9/]{20,}",
      "hooks.slack.com/services/" + letters(44)),
    pattern("Google key", "AIza[A-Za-z0-9_-]{35}", "AIza" + letters(35)),
    pattern("Google token", "ya29.[A-Za-z0-9_-]{20,}", "ya29." + letters(40)),
    pattern("Google client secret", "GOCSPX-[A-Za-z0-9_-]{28}", "GOCSPX-" + letters(28)),
    pattern("Stripe key", "[srp]k_(live|test)_[A-Za-z0-9]{16,255}", "sk_live_" + letters(24)),
    pattern("Stripe webhook secret", "whsec_[A-Za-z0-9+/=]{24,}", "whsec_" + letters(32)),
    pattern("npm token", "npm_[A-Za-z0-9]{36}", "npm_" + letters(36)),
    pattern("PyPI token", "pypi-AgE[A-Za-z0-9_-]{40,}", "pypi-AgE" + letters(60)),
    pattern("crates.io token", "cio[A-Za-z0-9]{32}", "cio" + letters(32)),
    pattern("Hugging Face token", "hf_[A-Za-z0-9]{30,64}", "hf_" + letters(34)),
    pattern("Groq key", "gsk_[A-Za-z0-9]{40,}", "gsk_" + letters(52)),
    pattern("xAI key", "xai-[A-Za-z0-9]{40,}", "xai-" + letters(80)),
    pattern("Replicate token", "r8_[A-Za-z0-9]{37}", "r8_" + letters(37)),
    pattern("Perplexity key", "pplx-[A-Za-z0-9]{40,}", "pplx-" + letters(48)),
    pattern("SendGrid key", "SG.[A-Za-z0-9_-]{22}.[A-Za-z0-9_-]{43}", sendGrid),
    pattern("Twilio key", "SK[0-9a-f]{32}", "SK" + hex(32)),
    pattern("Mailgun key", "key-[0-9a-f]{32}", "key-" + hex(32)),
    pattern("DigitalOcean token", "do[opr]_v1_[a-f0-9]{64}", "dop_v1_" + hex(64)),
    pattern("Databricks token", "dapi[0-9a-f]{32}", "dapi" + hex(32)),
    pattern("Shopify token", "shp(at|ca|pa|ss)_[a-fA-F0-9]{32}", "shpat_" + hex(32)),
    pattern("Linear key", "lin_(api|oauth)_[A-Za-z0-9]{32,}", "lin_api_" + letters(40)),
    pattern("Notion token", "ntn_[A-Za-z0-9]{40,}", "ntn_" + letters(46)),
    pattern("Atlassian token", "ATATT3[A-Za-z0-9_=-]{50,}", "ATATT3" + letters(60)),
    pattern("Supabase token", "sbp_[a-f0-9]{40}", "sbp_" + hex(40)),
    pattern("Vault token", "hv[sbr].[A-Za-z0-9_-]{24,}", "hvs." + letters(90)),
    pattern("Doppler token", "dp.(pt|st|ct|sa)[A-Za-z0-9._-]{40,}", "dp.pt." + letters(43)),
    pattern("Azure storage key", "AccountKey=[A-Za-z0-9+/=]{86,88}", "AccountKey=" + azure),
    pattern("age key", "AGE-SECRET-KEY-1[0-9A-Z]{58}", "AGE-SECRET-KEY-1" + capitals(58)),
    pattern(
      "JSON web token", "eyJ[A-Za-z0-9_-]{10,}.eyJ[A-Za-z0-9_-]{10,}.[A-Za-z0-9_-]{10,}",
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + letters(43)),
    pattern(
      "bearer token", "[Bb]earer [A-Za-z0-9._~+/=-]{16,}", "Bearer " + letters(32), isMixed: true),
    pattern(
      "basic authorization", "[Bb]asic [A-Za-z0-9+/]{12,}=", "Basic " + letters(20) + "=",
      isMixed: true),
    SecretShape(
      kind: "private key", form: .keyBlock,
      example: "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEpAIBAAKCAQEA" + letters(48)
        + "\n-----END RSA PRIVATE KEY-----"),
    SecretShape(
      kind: "password in an address", form: .password,
      example: "postgres://ledger:" + "s3cr3t-pa55" + "@db.internal:5432/ledger"),
    SecretShape(kind: named, form: .named, example: "DEPLOY_TOKEN=" + hex(24)),
  ]

  private static func pattern(
    _ kind: String, _ pattern: String, _ example: String, isMixed: Bool = false
  ) -> SecretShape {
    SecretShape(kind: kind, form: .pattern(pattern, isMixed: isMixed), example: example)
  }

  private static func cycle(_ alphabet: String, _ count: Int) -> String {
    let characters = Array(alphabet)
    return String((0..<count).map { characters[$0 * 7 % characters.count] })
  }

  private static func letters(_ count: Int) -> String { cycle("abcXYZ0189defQRS27", count) }
  private static func capitals(_ count: Int) -> String { cycle("ABCXYZ0189DEFQRS27", count) }
  private static func hex(_ count: Int) -> String { cycle("0123456789abcdef", count) }
  private static var azure: String { letters(86) + "==" }
  private static var sendGrid: String { "SG." + letters(22) + "." + letters(43) }
}
