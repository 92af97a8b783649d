import Testing

@testable import WireProtocol

@Suite struct SecretsTests {
    @Test(arguments: [
        "api_key", "apiKey", "APIKEY", "API_KEY", "binance-api-key", "password", "DB_PASSWORD", "dbPassword", "secret",
        "clientSecret", "client.secret", "token", "auth_token", "accessToken", "private_key", "PRIVATE_KEYS",
        "passphrase",
        "credentials", "AWS_SECRET_ACCESS_KEY", "signingKey", "dsn", "Authorization",
    ]) func aNameThatLooksLikeASecretIsOne(_ name: String) {
        #expect(Secrets.isSecret(name))
    }

    @Test(arguments: [
        "", "fast", "symbol", "key", "sort_key", "keyboard", "monkey", "tokens_per_second", "token_count", "compass",
        "passes", "bypass", "secretary", "author", "window", "max-drawdown", "PATH", "worker_id",
    ]) func anyOtherIsNone(_ name: String) {
        #expect(!Secrets.isSecret(name))
    }

    @Test func membersAreReplacedAtAnyDepth() throws {
        let value = try JSONValue(
            parsing: #"""
                {"fast":5,"api_key":"abc","list":[{"password":123},{"x":"y"}],"nested":{"secret":{"a":["b"]}},
                 "token":null,"max_tokens":100,"passwords":[]}
                """#
        )
        #expect(
            value.redacted.text
                == #"{"api_key":"[redacted]","fast":5,"list":[{"password":"[redacted]"},{"x":"y"}],"max_tokens":100,"#
                + #""nested":{"secret":"[redacted]"},"passwords":"[redacted]","token":null}"#
        )
    }

    @Test func argumentsAreReadAsProgramsAreToldThem() {
        let arguments: JSONValue = [
            "run", "--api-key", "abcdef123", "--password=hunter2-hunter2", "--port", "4002", "--token", "--verbose",
            "db_password=other-secret-1", "-H", "Authorization: Bearer qc_0123456789abcdef", "--max-tokens", "100",
            "--url=http://x", "--secret", "-starts-with-a-dash-1", "--key",
        ]
        let value: JSONValue = ["arguments": arguments, "nested": [["arguments": ["--pwd", "abcdefg1"]]]]
        #expect(
            value.redacted == [
                "arguments": [
                    "run", "--api-key", "[redacted]", "--password=[redacted]", "--port", "4002", "--token", "--verbose",
                    "db_password=[redacted]", "-H", "Authorization:[redacted]", "--max-tokens", "100", "--url=http://x",
                    "--secret", "[redacted]", "--key",
                ], "nested": [["arguments": ["--pwd", "[redacted]"]]],
            ]
        )
        // As often as one likes.
        #expect(value.redacted.redacted == value.redacted)
        let secrets = KnownSecrets()
        secrets.learn(value)
        #expect(
            secrets.scrub("abcdef123 hunter2-hunter2 other-secret-1 -starts-with-a-dash-1 abcdefg1 4002 --verbose")
                == "[redacted] [redacted] [redacted] [redacted] [redacted] 4002 --verbose"
        )
        #expect(secrets.scrub("Bearer qc_0123456789abcdef") == "[redacted]")
    }

    @Test func whatIsKnownIsFoundInAnyText() {
        let secrets = KnownSecrets()
        #expect(secrets.scrub("abcdef123") == "abcdef123")
        secrets.learn([
            "api_key": "abcdef123", "password": "abcdef123456", "pwd": "short", "fast": "not-a-secret",
            "token": "ETH/USDT", "nested": ["secret": ["q\"uoted1\n"]], "passphrase": "running",
        ])
        #expect(secrets.scrub("x abcdef123 y abcdef123456z") == "x [redacted] y [redacted]z")
        #expect(secrets.scrub("running short not-a-secret ETH/USDT") == "running short not-a-secret ETH/USDT")
        #expect(secrets.scrub(#"{"a":"q\"uoted1\n"}"#) == #"{"a":"[redacted]"}"#)
        #expect(secrets.scrub("q\"uoted1\n!") == "[redacted]!")
        let value: JSONValue = ["a": ["key abcdef123", 1], "b": ["c": "abcdef123"]]
        #expect(secrets.scrub(value) == ["a": ["key [redacted]", 1], "b": ["c": "[redacted]"]])
    }

    @Test func theEnvironmentsSecretsAreKnown() {
        let secrets = KnownSecrets()
        secrets.learn(environment: ["DB_PASSWORD": "hunter2-hunter2", "HOME": "/home/somebody"])
        #expect(secrets.scrub("hunter2-hunter2 in /home/somebody") == "[redacted] in /home/somebody")
    }

    @Test func theOldestAreForgotten() {
        let secrets = KnownSecrets()
        for number in 0..<2000 { secrets.learn(["password": .string("password-\(number)!")]) }
        #expect(secrets.scrub("password-0! password-1999!") == "password-0! [redacted]")
    }
}
