pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// The phases of the last half hour.
Column {
    id: root

    property string service: ""
    property bool isShown: false

    visible: stretches.count > 0
    spacing: Metrics.px(4)
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Phases of the last 30 minutes")

    Records {
        id: stretches

        source: "band"
        subject: root.service
        isActive: root.isShown
    }

    Records {
        id: ends

        source: "band-ends"
        subject: root.service
        isActive: root.isShown
    }

    Item {
        width: parent.width
        height: title.implicitHeight

        SectionTitle {
            id: title

            anchors.left: parent.left
            text: qsTr("Last 30 minutes")
        }

        Repeater {
            model: ends
            delegate: PlainText {
                required property string from
                required property string to

                anchors.right: parent ? parent.right : undefined
                height: title.height
                text: qsTr("%1 to %2").arg(from).arg(to)
                font: Metrics.small
                color: Theme.text2
            }
        }
    }

    // Time runs from left to right in every language.
    Item {
        id: band

        LayoutMirroring.enabled: false
        LayoutMirroring.childrenInherit: true
        width: parent.width
        height: Metrics.px(24)

        Repeater {
            model: stretches
            delegate: Rectangle {
                id: stretch

                required property int phase
                required property real start
                required property real share
                required property string text

                readonly property bool isHollow: [ServicesModel.Stopped, ServicesModel.Completed, ServicesModel.Disabled, ServicesModel.Unknown].includes(phase)
                readonly property bool isFooted: phase === ServicesModel.Running || phase === ServicesModel.Degraded
                readonly property color tone: Theme.states[phase]

                x: Math.round(start * band.width)
                width: Math.max(2, Math.round((start + share) * band.width) - x - 2)
                height: band.height
                radius: 2
                color: isHollow ? "transparent" : phase === ServicesModel.Running ? Theme.okTint : phase === ServicesModel.Degraded ? Theme.warnTint : tone
                border.width: isHollow || (Theme.isContrast && isFooted) ? Metrics.lineWidth : 0
                border.color: Theme.border

                Accessible.role: Accessible.ListItem
                Accessible.name: text === "" ? Words.ofState(phase) : qsTr("%1 %2").arg(Words.ofState(phase)).arg(text)

                Rectangle {
                    anchors.bottom: parent.bottom
                    visible: stretch.isFooted
                    width: parent.width
                    height: Metrics.px(3)
                    color: stretch.tone
                }

                Row {
                    x: Metrics.gap
                    height: parent.height
                    visible: implicitWidth + 2 * x <= stretch.width
                    spacing: Metrics.px(6)

                    Glyph {
                        anchors.verticalCenter: parent.verticalCenter
                        size: Metrics.px(12)
                        source: Glyphs.ofState(stretch.phase)
                        color: stretch.isHollow || stretch.isFooted ? stretch.tone : Theme.base
                    }

                    PlainText {
                        height: parent.height
                        text: stretch.Accessible.name
                        font: Metrics.caption
                        color: stretch.isHollow ? Theme.text2 : stretch.isFooted ? Theme.text : Theme.base
                        Accessible.ignored: true
                    }
                }
            }
        }
    }
}
