public import CoreMetrics

// What swift-metrics asks a backend for.
extension PrometheusRegistry: MetricsFactory {
    /// A counter; its name ends in `_total`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// A counter of fractions; its name ends in `_total`.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(MetricName.metric(label), dimensions) { _ in GaugeCell() }
    }

    /// A histogram, or a gauge where values are not to be put together.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        let name = MetricName.metric(label)
        return aggregate
            ? cell(name, dimensions) { HistogramCell(bounds: $0) } : cell(name, dimensions) { _ in GaugeCell() }
    }

    /// A histogram of seconds; its name ends in `_seconds`.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(MetricName.metric(label, suffix: "_seconds"), dimensions) { HistogramCell(bounds: $0) }
    }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterCell {
        cell(MetricName.metric(label, suffix: "_total"), dimensions) { _ in CounterCell() }
    }

    /// Removes a series.
    public func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    /// Removes a series.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    /// Removes a series.
    public func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    /// Removes a series.
    public func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    /// Removes a series.
    public func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    private func destroy(_ handler: AnyObject) {
        if let cell = handler as? any MetricCell { forget(cell) }
    }
}
