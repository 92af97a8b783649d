/// The tables as SQL, for who measures what bare SQLite makes of them.
package enum RecordTables {
    package static var definition: String { RecordSchema.tables }
    /// 18 parameters, in the order of the columns of `bars`.
    package static var barInsertion: String { RowTable.bars.insertion }
}
