/// The end of a child: how it came about, and what the child had used.
package struct Exit: Hashable, Sendable {
    /// How it ended.
    package let status: ExitStatus
    /// What it had used.
    package let usage: ResourceUsage
}
