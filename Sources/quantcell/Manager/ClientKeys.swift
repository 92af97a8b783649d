import Glibc
import Keys
import ZeroMQ

/// The keys by which this program proves who it is over TCP.
enum ClientKeys {
    /// Reads the file that was named; else that which a manager leaves for the user of its machine, where there is one.
    ///
    /// - Throws: ``CommandFailure`` with exit code 66 when the file cannot be used.
    static func find(_ file: String?, in folder: ManagerFolder?) throws(CommandFailure) -> CurveClient? {
        let local = folder.map { Path.join($0.path, "local.key_secret") }
        guard let path = file.map({ Path.absolute($0) }) ?? local.flatMap({ access($0, F_OK) == 0 ? $0 : nil }) else {
            return nil
        }
        do {
            let file = try KeyFile(path: path)
            guard let serverKey = file.serverKey else {
                throw CommandFailure.noInput(
                    "\(path) does not say whose client it is for: its server-key is missing; 'quantcell keys new' writes it"
                )
            }
            return CurveClient(keys: try file.pair(from: path), serverKey: serverKey)
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw .noInput("\(error)")
        }
    }
}
