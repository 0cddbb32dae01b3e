import Files
import Foundation
import Hub
import TestSupport
import Testing

@Suite struct HubSettingsTests {
  /// What huggingface_hub 2.4.0 says for the same environments.
  @Test(arguments: [
    (["HOME": "/h"], "/h/.cache/huggingface/hub"),
    (["HOME": "/h", "XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
    (["HOME": "/h", "XDG_CACHE_HOME": "/x", "HF_HOME": "/f"], "/f/hub"),
    (["HOME": "/h", "HF_HOME": "/f", "HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
    (["HOME": "/h", "HF_HOME": "/f", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/c"], "/c"),
    (["HOME": "/h", "HF_HOME": "~/f"], "/h/f/hub"),
    (["HOME": "/h", "D": "/disk", "HF_HUB_CACHE": "$D/${D}x/$NOT/${D"], "/disk//diskx/$NOT/${D"),
    (["HOME": "/h", "HF_HUB_CACHE": "~x/c"], "~x/c"),
  ])
  func whereTheCacheIs(_ environment: [String: String], _ folder: String) {
    #expect(HubSettings(environment: environment).cacheFolder == folder)
    #expect(HubCache(environment: environment).path == folder)
  }

  @Test func emptyVariablesAreNotSet() {
    let settings = HubSettings(environment: [
      "HOME": "/h", "HF_HOME": "", "HF_HUB_CACHE": "", "XDG_CACHE_HOME": "", "HF_ENDPOINT": "", "HF_HUB_OFFLINE": "",
    ])
    #expect(settings.cacheFolder == "/h/.cache/huggingface/hub")
    #expect(settings.endpoint == "https://huggingface.co")
    #expect(!settings.isOffline)
  }

  @Test func endpointAndOfflineMode() {
    #expect(
      HubSettings(environment: ["HF_ENDPOINT": "https://mirror.example/hf//"]).endpoint == "https://mirror.example/hf")
    for on in ["1", "ON", "yes", "True"] {
      #expect(HubSettings(environment: ["HF_HUB_OFFLINE": on]).isOffline)
      #expect(HubSettings(environment: ["TRANSFORMERS_OFFLINE": on]).isOffline)
    }
    for off in ["0", "no", "off", "2"] { #expect(!HubSettings(environment: ["HF_HUB_OFFLINE": off]).isOffline) }
  }

  @Test func theTokenComesFromTheFirstPlaceThatHasOne() throws {
    let folder = try TemporaryFolder()
    try folder.write(" hf_file\n", to: "token")
    let other = try folder.write("hf_other", to: "other")
    func token(_ variables: [String: String]) throws -> String? {
      try HubSettings(environment: variables.merging(["HF_HOME": folder.path]) { $1 }).readToken()
    }
    #expect(try token([:]) == "hf_file")
    #expect(try token(["HF_TOKEN_PATH": other]) == "hf_other")
    #expect(try token(["HUGGING_FACE_HUB_TOKEN": "hf_old"]) == "hf_old")
    #expect(try token(["HUGGING_FACE_HUB_TOKEN": "hf_old", "HF_TOKEN": " hf_new "]) == "hf_new")
    #expect(try token(["HF_TOKEN": "hf_new", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
    #expect(try token(["HF_TOKEN_PATH": folder.path("none")]) == nil)
    // A line end in a header would begin another header.
    #expect(throws: HubError.badToken(source: "HF_TOKEN")) { try token(["HF_TOKEN": "a\r\nX: y"]) }
    #expect("\(HubError.badToken(source: "HF_TOKEN"))".contains("HF_TOKEN"))
  }

  @Test func proxies() throws {
    let proxies = ProxySettings(environment: [
      "https_proxy": "http://p:1", "http_proxy": "http://q:2", "no_proxy": "direct.example, .suffix.example",
    ])
    func proxy(_ url: String) throws -> String { proxies.proxy(for: try #require(HubURL(url))) }
    #expect(try proxy("https://huggingface.co/x") == "http://p:1")
    #expect(try proxy("http://huggingface.co/x") == "http://q:2")
    #expect(try proxy("https://direct.example/x") == "")
    #expect(try proxy("https://a.direct.example/x") == "")
    #expect(try proxy("https://indirect.example/x") == "http://p:1")
    #expect(try proxy("https://a.suffix.example/x") == "")
    #expect(try proxy("http://127.0.0.1:80/x") == "")
    #expect(try proxy("http://localhost/x") == "")
    #expect(ProxySettings(environment: ["HTTP_PROXY": "http://evil:1"]).http == nil)
    #expect(ProxySettings(environment: ["ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:1"]).https == "http://b:1")
    #expect(ProxySettings(environment: ["ALL_PROXY": "http://a:1"]).http == "http://a:1")
    #expect(ProxySettings(environment: ["no_proxy": "*", "all_proxy": "http://a:1"]).direct == ["*"])
  }
}
