import Files
import TestSupport
import Testing

/// On a system whose OpenSSL gives out no SHA-256 nothing is stamped.
@Suite struct DigestFailureTests {
  private static let configuration = """
    openssl_conf = openssl_init
    [openssl_init]
    alg_section = evp_properties
    [evp_properties]
    default_properties = fips=yes

    """

  @Test(arguments: [
    ["classify", "imdb-bert-1-sentiment", "--text", "good", "--json"], ["inspect", "imdb-bert-1"],
    ["lens", "imdb-gpt2-wide", "--text", "good", "--json"],
    [
      "evaluate", "imdb-bert-1-sentiment", "--dataset", ShortRun.reviews, "--limit", "2", "--max-length", "16",
      "--json",
    ],
  ]) func nothingIsStamped(_ arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.configuration, to: "openssl.cnf")
    let run = try GraftProcess.run(arguments, environment: ["OPENSSL_CONF": path])
    #expect(run.status == 1 && run.output.isEmpty, "\(run.output)")
    #expect(run.error.contains("SHA-256") && run.error.contains("OPENSSL_CONF"), "\(run.error)")
  }
}
