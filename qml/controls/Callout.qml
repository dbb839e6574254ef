import QtQuick
import dev.ostler.app

// Something that needs a person, where it happened: what, more about it, what can be done.
Rectangle {
    id: root

    enum Kind {
        Info,
        Good,
        Warn,
        Fail
    }

    property int kind: Callout.Warn
    property string title: ""
    property string text: ""
    property url glyph: Glyphs.named(root.glyphs[root.kind])
    default property alias actions: actions.data

    readonly property list<string> glyphs: ["action-info", "state-completed", "state-degraded", "state-failed"]
    readonly property list<color> inks: [Theme.busy, Theme.ok, Theme.warn, Theme.fail]
    readonly property list<color> tints: [Theme.busyTint, Theme.okTint, Theme.warnTint, Theme.failTint]

    implicitWidth: Metrics.px(560)
    implicitHeight: column.implicitHeight + Metrics.px(24)
    radius: Metrics.radius
    color: root.tints[root.kind]
    border.width: Theme.isContrast ? Metrics.lineWidth : 0
    border.color: root.inks[root.kind]

    Accessible.role: Accessible.Grouping
    Accessible.name: root.text === "" ? root.title : root.title + ". " + root.text

    Glyph {
        x: Metrics.inset
        y: Metrics.px(14)
        source: root.glyph
        color: root.inks[root.kind]
    }

    Column {
        id: column

        x: Metrics.px(40)
        y: Metrics.px(12)
        width: parent.width - x - Metrics.inset
        spacing: Metrics.px(4)

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.title
            font: Metrics.headline
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.text
            color: Theme.text2
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }

        Flow {
            id: actions

            width: parent.width
            topPadding: Metrics.px(4)
            visible: visibleChildren.length > 0
            spacing: Metrics.gap
        }
    }
}
