/// The end of a process: how it came about, and what the process had used.
package struct Exit: Hashable, Sendable {
    /// How it ended.
    package let status: ExitStatus
    /// What it had used; `nil` for one that was not our child.
    package let usage: ResourceUsage?
}
