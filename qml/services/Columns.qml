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
    readonly property bool hasAddress: Looks.hasAddress
    readonly property bool hasUptime: Looks.hasUptime
    readonly property real leastAddress: hasAddress ? Metrics.addressWidth : 0
    readonly property real uptimeWidth: hasUptime ? Metrics.uptimeWidth : 0
    readonly property real fixedWidth: leastAddress + uptimeWidth

    // What has no room goes in this order: curves, restarts, CPU, memory. What is not wanted takes none.
    readonly property bool isMemoryRoomy: !isCompact && spare >= fixedWidth + Metrics.numberWidth
    readonly property bool hasMemory: Looks.hasMemory && isMemoryRoomy
    readonly property real memoryWidth: hasMemory ? Metrics.numberWidth : 0
    readonly property bool isCpuRoomy: isMemoryRoomy && spare >= fixedWidth + memoryWidth + Metrics.numberWidth
    readonly property bool hasCpu: Looks.hasCpu && isCpuRoomy
    readonly property real cpuWidth: hasCpu ? Metrics.numberWidth : 0
    readonly property bool isRestartsRoomy: isCpuRoomy && spare >= fixedWidth + memoryWidth + cpuWidth + Metrics.restartsWidth
    readonly property bool hasRestarts: Looks.hasRestarts && isRestartsRoomy
    readonly property real restartsWidth: hasRestarts ? Metrics.restartsWidth : 0
    readonly property int sparks: (hasCpu ? 1 : 0) + (hasMemory ? 1 : 0)
    readonly property bool hasSparks: Looks.hasGraphs && isRestartsRoomy && sparks > 0 && spare >= fixedWidth + memoryWidth + cpuWidth + restartsWidth + sparks * Metrics.sparkColumn
    readonly property real sparkWidth: hasSparks ? Metrics.sparkColumn : 0
    readonly property real numbersWidth: memoryWidth + cpuWidth + restartsWidth + sparks * sparkWidth

    // What is left over goes to the address, up to 1920.
    readonly property real addressX: serviceX + Metrics.serviceWidth
    readonly property real addressWidth: hasAddress ? leastAddress + Math.max(0, Math.min(spare - fixedWidth - numbersWidth, Metrics.px(160))) : 0
    readonly property real uptimeX: addressX + addressWidth
    readonly property real restartsX: uptimeX + uptimeWidth
    readonly property real cpuX: restartsX + restartsWidth
    readonly property real memoryX: cpuX + (hasCpu ? cpuWidth + sparkWidth : 0)
}
