import MarketFiles
import Testing

@testable import ManagerCore

@Suite("Settings: durations, sizes, speeds, folders, endpoints")
struct SettingsValueTests {
    @Test(
        "durations",
        arguments: [
            ("0", .zero, "0s"), ("2", .seconds(2), "2s"), ("0.25", .milliseconds(250), "250ms"),
            ("250ms", .milliseconds(250), "250ms"),
            ("1.5s", .milliseconds(1500), "1500ms"), ("5m", .seconds(300), "5m"), ("90s", .seconds(90), "90s"),
            ("1h", .seconds(3600), "1h"), ("24h", .seconds(86_400), "1d"), ("7d", .seconds(604_800), "7d"),
            ("3us", .microseconds(3), "3us"), ("5ns", .nanoseconds(5), "5ns"), ("0.000000001", .nanoseconds(1), "1ns"),
            ("106751d", .seconds(106_751 * 86_400), "106751d"),
        ] as [(String, Duration, String)]
    )
    func durations(text: String, duration: Duration, canonical: String) throws {
        let value = try #require(SettingsDuration(text: text))
        #expect(value.duration == duration)
        #expect(value.description == canonical)
        #expect(SettingsDuration(text: canonical) == value)
    }

    @Test(
        "no durations",
        arguments: [
            "", "s", "-1", "+1", "1 s", " 1s", "1S", "1min", "1.", ".5", "1.5.2", "1e3", "0x10", "nan", "inf", "٣s",
            "9999999999999", "106752d",
            "1.0000000001", "1h30m",
        ]
    )
    func noDurations(text: String) {
        #expect(SettingsDuration(text: text) == nil)
    }

    @Test("a duration that no file could hold still has a text")
    func longDurations() {
        #expect(SettingsDuration(.seconds(Int64.max)).description == "9223372036854775807s")
        #expect(SettingsDuration(.seconds(-2)).description == "-2s")
    }

    @Test(
        "sizes",
        arguments: [
            ("0", 0, "0B"), ("1048576", 1 << 20, "1MiB"), ("1MiB", 1 << 20, "1MiB"), ("64KB", 64_000, "64KB"),
            ("64kb", 64_000, "64KB"),
            ("1gib", 1 << 30, "1GiB"), ("3B", 3, "3B"), ("1536", 1536, "1536B"),
        ]
    )
    func sizes(text: String, bytes: Int, canonical: String) throws {
        let value = try #require(SettingsSize(text: text))
        #expect(value.bytes == bytes)
        #expect(value.description == canonical)
        #expect(SettingsSize(text: canonical) == value)
    }

    @Test(
        "no sizes",
        arguments: ["", "B", "-1", "1.5MiB", "1 MiB", "1K", "1TB", "9223372036854775807KiB", "99999999999999999999"]
    )
    func noSizes(text: String) {
        #expect(SettingsSize(text: text) == nil)
    }

    @Test("speeds")
    func speeds() {
        #expect(SettingsSpeed(text: "max") == .max)
        #expect(SettingsSpeed(text: "1x") == .realtime)
        #expect(SettingsSpeed(text: "120x") == .times(120))
        #expect(SettingsSpeed(text: "0.5x")?.description == "0.5x")
        #expect(SettingsSpeed.times(120).replaySpeed == .multiple(120))
        for text in ["", "x", "0x", "-1x", "infx", "60", "fast"] {
            #expect(SettingsSpeed(text: text) == nil)
        }
    }

    private func folders(
        _ environment: [String: String],
        settings: Settings = Settings()
    ) throws(SettingsError) -> Folders {
        try Folders.resolve(settings: settings, environment: environment, userID: 1000)
    }

    @Test("folders by the rules")
    func folders() throws {
        let home = ["HOME": "/home/q"]
        var found = try folders(home)
        #expect(found.runtime == "/tmp/quantcell-1000")
        #expect(found.data == "/home/q/.local/share/quantcell")
        #expect(found.journal == "/home/q/.local/share/quantcell/journal.db")

        var environment = home.merging(["TMPDIR": "/var/tmp", "XDG_DATA_HOME": "relative"]) { $1 }
        #expect(try folders(environment).runtime == "/var/tmp/quantcell-1000")
        #expect(try folders(environment).data == "/home/q/.local/share/quantcell")

        environment.merge(["XDG_RUNTIME_DIR": "/run/user/1000", "XDG_DATA_HOME": "/data"]) { $1 }
        found = try folders(environment)
        #expect(found.runtime == "/run/user/1000/quantcell")
        #expect(found.data == "/data/quantcell")

        environment.merge(["QUANTCELL_RUNTIME_DIR": "/r/", "QUANTCELL_DATA_DIR": "/d"]) { $1 }
        #expect(try folders(environment).runtime == "/r")
        #expect(try folders(environment).journal == "/d/journal.db")

        var settings = Settings()
        settings.manager.runtimeDir = "/flag/run"
        settings.manager.dataDir = "/flag/data"
        settings.journal.path = "/j.db"
        #expect(
            try folders(environment, settings: settings)
                == Folders(runtime: "/flag/run", data: "/flag/data", journal: "/j.db")
        )
    }

    @Test("folders that cannot be found")
    func noFolders() {
        let homeless = #expect(throws: SettingsError.self) { try folders([:]) }
        #expect(homeless?.description == "manager.data_dir must be given, since HOME is not set")
        let relative = #expect(throws: SettingsError.self) {
            try folders(["QUANTCELL_RUNTIME_DIR": "run", "HOME": "/h"])
        }
        #expect(relative?.description == "manager.runtime_dir must be an absolute path, not 'run'")
    }

    @Test("endpoints: ipc, TCP mode, addresses of one's own")
    func endpoints() throws {
        var settings = Settings()
        let folders = Folders(runtime: "/run/q", data: "/d", journal: "/d/j")
        var endpoints = try Endpoints.resolve(settings: settings, folders: folders)
        #expect(endpoints.data == ["ipc:///run/q/data.sock"])
        #expect(endpoints.events == ["ipc:///run/q/events.sock"])

        settings.manager.tcpMode = true
        settings.manager.endpoints.feed = ["tcp://*:9", "ipc:///x"]
        endpoints = try Endpoints.resolve(settings: settings, folders: folders)
        #expect(endpoints.data == ["tcp://127.0.0.1:5555"])
        #expect(endpoints.control == ["tcp://127.0.0.1:5556"])
        #expect(endpoints.status == ["tcp://127.0.0.1:5557"])
        #expect(endpoints.feed == ["tcp://*:9", "ipc:///x"])
        #expect(endpoints.admin == ["tcp://127.0.0.1:5559"])
        #expect(endpoints.events == ["tcp://127.0.0.1:5560"])
        #expect(endpoints.history == ["tcp://127.0.0.1:5561"])
        #expect(endpoints.publish == ["tcp://127.0.0.1:5562"])
    }

    @Test("a runtime folder too deep for a socket is refused")
    func longSocketPath() throws {
        // 107 bytes are the most: "/" + 93 + "/control.sock".
        let name = String(repeating: "r", count: 93)
        let fits = Folders(runtime: "/" + name, data: "/d", journal: "/d/j")
        #expect(throws: Never.self) { try Endpoints.resolve(settings: Settings(), folders: fits) }
        let tooLong = Folders(runtime: "/r" + name, data: "/d", journal: "/d/j")
        let error = #expect(throws: SettingsError.self) {
            try Endpoints.resolve(settings: Settings(), folders: tooLong)
        }
        #expect(error?.problems.map(\.path) == ["manager.endpoints.control"])
        #expect(error?.description.contains("is 108 bytes long, and the system allows 107") == true)
    }
}
