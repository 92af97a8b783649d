/// What is the same in all programs of this project.
public enum QuantCell {
    /// The version of this build.
    public static let version = "0.1.0"
    /// The version of the wire protocol that it speaks.
    public static let protocolVersion: Int64 = 1
}
