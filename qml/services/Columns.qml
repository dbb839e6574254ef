import QtQuick
import dev.ostler.app

// Which columns have room, and where they stand.
QtObject {
    id: root

    required property real width

    readonly property bool isCompact: root.width < Metrics.px(960)
    readonly property bool isTight: root.width < Metrics.px(616)
    readonly property real actionsWidth: Metrics.px(196)
    readonly property real spare: root.width - serviceX - Metrics.serviceWidth - actionsWidth - inset

    readonly property real inset: root.isCompact ? Metrics.px(12) : Metrics.inset
    readonly property real serviceX: inset + (root.isCompact ? Metrics.px(104) : Metrics.stateWidth)
    readonly property real fixedWidth: Metrics.addressWidth + Metrics.uptimeWidth
    readonly property bool hasMemory: !isCompact && spare >= fixedWidth + Metrics.numberWidth
    readonly property bool hasCpu: hasMemory && spare >= fixedWidth + 2 * Metrics.numberWidth
    readonly property bool hasRestarts: hasCpu && spare >= fixedWidth + 2 * Metrics.numberWidth + Metrics.restartsWidth
    readonly property bool hasSparks: hasRestarts && spare >= fixedWidth + 2 * Metrics.numberWidth + 2 * Metrics.sparkColumn + Metrics.restartsWidth
    readonly property real sparkWidth: hasSparks ? Metrics.sparkColumn : 0
    readonly property real numbersWidth: (hasMemory ? Metrics.numberWidth + sparkWidth : 0) + (hasCpu ? Metrics.numberWidth + sparkWidth : 0) + (hasRestarts ? Metrics.restartsWidth : 0)

    // What is left over goes to the address, up to 1920.
    readonly property real addressX: serviceX + Metrics.serviceWidth
    readonly property real addressWidth: Metrics.addressWidth + Math.max(0, Math.min(spare - fixedWidth - numbersWidth, Metrics.px(160)))
    readonly property real uptimeX: addressX + addressWidth
    readonly property real restartsX: uptimeX + Metrics.uptimeWidth
    readonly property real cpuX: restartsX + (hasRestarts ? Metrics.restartsWidth : 0)
    readonly property real memoryX: cpuX + (hasCpu ? Metrics.numberWidth + sparkWidth : 0)
}
