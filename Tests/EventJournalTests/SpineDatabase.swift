import Foundation
import Testing

/// A journal as the first version made it: three generations of transitions, three signals, and the manager's stop.
enum SpineDatabase {
    static func write(to path: String) throws {
        let compressed = try #require(Data(base64Encoded: gzip, options: .ignoreUnknownCharacters))
        let file = URL(fileURLWithPath: path + ".gz")
        try compressed.write(to: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = ["-d", file.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    /// The file as it is, compressed by gzip, in base64.
    private static let gzip = """
        H4sIAAAAAAACA+2cX2wjRx3Hd72O1392M2mjw5gQdc4ny7Hi3CV3HJUi9UguZziX/OnFDr2AwNrYm3Q5e9fZXbdN2xMkdxVC4qWPSLwgJCTE
        CwgJ6Xgqj5XgAcELCKlCRdDyQkFUKm/M7M7Gsxs7f4CqTfX7KPbsb2bnNzPf/e161tlx7c6y4ep427I7mouvCWNCLCYsYCwIQoy8MkKfMfKK
        c7YYbNxZenpOGExMuNwUVfS+MBYbFVAVPVLfUl9Tl5T3lP30O+mt1F+SP5BXEpdG4tLfyQ7Ah8yDr43JFyYmkt/KPm/oLzjGjqm1HZYsrVcW
        6xX8pWrlWcyy8GItjQm1ynJlqY4d1952jY4+VSxszhQ6M4VWvXB7vrAyX6gVy1jvGK6rtxokzK7gudmAMi72TONFvWs1nyuW8Cuv4K5tmO72
        VPFyYfazrS+Haxa4msxNifQC02bLrFsNo1XGL1j2Pd0mm7TUN8p4Rzd1W3MNyyxjU/NrtOj7XmfLape9sTBamqs13L0uLdV3e7rZpFvHD/B5
        3XQbtPzMA+zXHDbA/i5lWp/2Zrenma7h7pW9znqd//z62sqhXMFBWlu/VVnHNzfpQA4eR/KFS5eSDyx6gDuaqe0QldrWDrfJH2gu+0wH+79R
        4djx+yNvaj2HJFrTtcjhbOmuZrS5gVONHPzs7cp6Bd8zzBauruKpIhsDaaH4datnE01IB0KifHpUvjA5mXyIqCi2vt1ziG5ByssR5H0UtDgx
        ws8q1lO46I1PbxXD8hRVX54CladpdYigLSdIeXmCvI9MqFCTdeoUgp1FKeY1olRN8c6uh7tUKdfWTMegrh1uk9eLyz4PEcVfH7dtq9NwXM31
        NM5TM08asbg818qHg/AESftqRFRdyHgfSg+/QlVlpzBLeDVZVlRJfbf84chJx/XBizo0XnkJX0rL2c9Ni/tZ0iX9xcgHRGNrr+F3LFKQYepW
        V29V7uKhtfDa6pHPnKnDYZf24yk5+yRp/NqwxslncDgzzRreWK3e2TimfSLqoLYHTQNKDy4k5ez0tPgq+azcauuRShEzxTpQX7y5XDnagKc1
        kZX0rF75AlH5mfXqyuL6Jv5iZdM/oIddwPXK3TpeXSOvjeVlv7AfEgMK+6ERePfz6Xxl0P50BuPlM9ObynAZhxMZfic2owm3wM1CQvnedAMT
        QViLwbyDy6KN+P7xzAx+ura26nvsT9wCpYLOp0u4Vl+vLtVtWc7O5MT9aT86vNjlItKzk+FAjOzjxYAf81zYsYtLX+tq7bDx5UQiW8qJeqRJ
        esL6ljykQe9SxTVH7dLyyEBvVEjfSgzx5knNeaN26Zl4gobpphelzm6b3J01guMVMUdCURopnPImuMQqHTQlOZvLia9e9CPfa81/j4fjnPXj
        uPDGixv1teoqqbdSWWXhxIdMPzppJJiaaTl606JzAsegEec+p+MNcm3F3sW1jNvGPZ02bO/5bgyT7GI4eNto655zT/ITT6Ljzx3uutrf+fCy
        2s/y5wx927vA8ueSd6X1exPEeRDHpuhdXvbHPZF37NZWo2Ps+L1xImYsJHukEE+RM5qcYNuGbocHzh+H0lOxRPbOtCh4UceOvdZzLc9uRHw2
        5iIZErnZS9I7PpXeyKO3BfIHAAAAAAAAAAAAAMA55xNi7Ppc8A2PZraCf+Gm4f4fAAAAAAAAAAAAAD42ZKXrqUH3//T//2rmTQH9HO2iK6M/
        GdVHn1D/qH5VfVz5lfJtJU2KAAAAAAAAAAA4H5TUjJCYoFsTk8InP/XbR/sH77bYgjjHtbpdvWV16TPTln1fUYREbjwlCJO5/Tm2r8puEzpa
        07Ycp9Hr+s9dv5w/XOGQn8871/LlPF2IQLa3envU8JYhEPNmfenKRu1WneR56wjy85+5Ojs7e/l6OR+sI8jPz12evb+YIT29OC5OZLO5J1jr
        ErdAqqNJds80DZP03LZsp2uYetdqG829l/Nd2osn799K+y4mJ4a6cFzNdokP5mqQl2rK91KYHOrFMMmm1jZeoi6Yx0Gu7icHSKqcTtKr/wdJ
        5aOSxvojsR0jdqKkiaOSRlycRtKRo5JGvJxa0vgASTOnk3Tuf5d0QfJGkuIlFUPBcZKiSzHfA69o2MMpBL0t+k54QcNOTqun//z/vwTyBwAA
        AAAAAAAAAADAx4i0KOVE/1EAlT7/r6K75P4f/RX9Ab2OfoZ+iL6DvoFs9Gv0XaSTIgAAAAAAAAAAAAAAhqBICTF43kblDFXhDCnDG2neSHGG
        kuSMmMwbCd4Y4YxMnDNEiTdiGSmRCgz//n9FQCvoDfQa2kT/RG+h36FfoB+j76ED5KAWHEsAAAAAAAAAAAAACJGRJkS2uEZNSznRX32gjEoX
        uYfzM2EzHTZT/XrJcIkcNhNhc6RfLx4ukcJmTJUuprjm6XcV6PsC+j36DXoD/Rv9A72D/oR+iR6hn6IfkQIAAAAAAAAAAAAAAD54ZGlcdDqa
        wtIMS9MsTbE0SVPbMWSWJlg6wsrjLJVYGktI4ymS0vX/EloQ0OvomyQBAAAAAAAAAAAAAGAANxQkPDaemhyfzIqinBISzjXuZwi3envBTwve
        axumLo8s/PlgjNYLlgPcSEbrXz1LfeVGPFp/7iz1M2nv/v9NAb2H/obgt/4BAAAAAAAAAAAA4DySjj82LnpfSSj+Jv12Ielv0i8K4v79/9sC
        eh+9SxIAAAAAAAAAAAAAAM4xkWUEyWBZwH8AEJeiZwCwAAA=
        """
}
