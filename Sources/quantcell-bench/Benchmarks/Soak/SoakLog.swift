/// What was done, and what was seen.
struct SoakLog {
    var samples: [SoakSample] = []
    var kills = 0
    var commands = 0
    /// Commands that came at a bad moment, such as a pause of a worker that is being restarted.
    var refusals = 0
    var questions = 0
    /// Questions over HTTP that were not answered with 200.
    var badAnswers = 0
    /// How many workers run at the end.
    var running = 0
    var expected = 0
    var published = 0.0
    /// Bars that should be in the record and are not.
    var unrecorded = 0.0
}
