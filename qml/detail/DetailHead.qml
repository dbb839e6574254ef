pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Who it is, how it is, and what can be done.
Item {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false
    property bool hasBack: false
    property real inset: Metrics.px(20)

    readonly property bool isNarrow: root.width < Metrics.px(560)

    signal closed
    signal menuWanted(Item anchor)
    signal instanceLeft

    implicitHeight: Metrics.px(68)

    Records {
        id: facts

        source: "service"
        subject: root.service
        isActive: root.isShown
    }

    PlainText {
        x: root.inset
        height: root.height
        visible: facts.count === 0 && facts.progress === Records.Ready
        text: qsTr("%1 is not configured any more").arg(root.service)
        color: Theme.text2
    }

    BaseButton {
        anchors.right: parent.right
        anchors.rightMargin: Metrics.px(12)
        y: Metrics.px(12)
        visible: facts.count === 0
        isFlat: true
        glyph: Glyphs.action("close")
        hint: qsTr("Close the details")
        onClicked: root.closed()
    }

    Repeater {
        model: facts
        delegate: Item {
            id: who

            required property string name
            required property int phase
            required property string tag
            required property list<string> meta
            required property string address
            required property string url
            required property int fit
            required property int pending
            required property bool canStart
            required property bool canStop
            required property bool canRestart
            required property bool isStale

            width: root.width
            height: root.height

            RowLayout {
                x: root.inset - (back.visible ? Metrics.px(4) : 0)
                y: Metrics.px(10)
                width: parent.width - x - Metrics.px(12)
                height: Metrics.px(32)
                spacing: Metrics.gap

                BaseButton {
                    id: back

                    visible: root.hasBack
                    isFlat: true
                    glyph: Glyphs.action("back")
                    hint: qsTr("Back to the list")
                    onClicked: root.closed()
                }

                Glyph {
                    size: Metrics.px(20)
                    source: Glyphs.ofState(who.phase)
                    color: Theme.states[who.phase]
                }

                Row {
                    id: title

                    Layout.fillWidth: true
                    Layout.fillHeight: true
                    spacing: Metrics.gap

                    PlainText {
                        width: Math.min(implicitWidth, Math.max(0, title.width - word.width - (tag.visible ? tag.width + Metrics.gap : 0) - Metrics.gap))
                        height: parent.height
                        text: who.name
                        font: Metrics.title
                        Accessible.role: Accessible.Heading
                        Accessible.name: qsTr("%1, %2").arg(text).arg(Words.ofState(who.phase))
                    }

                    PlainText {
                        id: word

                        height: parent.height
                        text: Words.ofState(who.phase)
                        font: Metrics.strong
                        color: Words.isLoud(who.phase) ? Theme.states[who.phase] : Theme.text2
                        Accessible.ignored: true
                    }

                    Tag {
                        id: tag

                        anchors.verticalCenter: parent.verticalCenter
                        visible: who.tag !== ""
                        text: who.tag
                    }
                }

                BaseButton {
                    visible: root.instance !== ""
                    isSmall: true
                    text: root.instance
                    glyph: Glyphs.action("close")
                    hint: qsTr("Show all instances again")
                    onClicked: root.instanceLeft()
                }

                PlainText {
                    visible: who.pending !== ServicesModel.NothingSent
                    text: Words.ofPending(who.pending)
                    color: Theme.text2
                }

                BaseButton {
                    visible: who.url !== "" && !who.isStale
                    glyph: Glyphs.action("open")
                    text: root.isNarrow ? "" : qsTr("Open")
                    hint: qsTr("Open %1").arg(who.address)
                    onClicked: Qt.openUrlExternally(who.url)
                }

                BaseButton {
                    visible: who.canRestart && who.phase !== ServicesModel.Failed
                    glyph: Glyphs.action("restart")
                    text: root.isNarrow ? "" : qsTr("Restart")
                    hint: root.isNarrow ? qsTr("Restart %1").arg(who.name) : ""
                    Accessible.name: qsTr("Restart %1").arg(who.name)
                    onClicked: Actions.run(Actions.Restart, root.service)
                }

                BaseButton {
                    visible: who.canStop
                    glyph: Glyphs.action("stop")
                    text: root.isNarrow ? "" : qsTr("Stop")
                    hint: root.isNarrow ? qsTr("Stop %1").arg(who.name) : ""
                    Accessible.name: qsTr("Stop %1").arg(who.name)
                    onClicked: Actions.run(Actions.Stop, root.service)
                }

                BaseButton {
                    visible: who.canStart
                    glyph: Glyphs.action("start")
                    text: root.isNarrow ? "" : qsTr("Start")
                    hint: root.isNarrow ? qsTr("Start %1").arg(who.name) : ""
                    Accessible.name: qsTr("Start %1").arg(who.name)
                    onClicked: Actions.run(Actions.Start, root.service)
                }

                BaseButton {
                    id: more

                    isFlat: true
                    opensMenu: true
                    glyph: Glyphs.action("more")
                    hint: qsTr("More for %1").arg(who.name)
                    onClicked: root.menuWanted(more)
                }

                BaseButton {
                    visible: !root.hasBack
                    isFlat: true
                    glyph: Glyphs.action("close")
                    hint: qsTr("Close the details")
                    onClicked: root.closed()
                }
            }

            PlainText {
                x: root.inset + (root.hasBack ? Metrics.px(32) : Metrics.px(28))
                y: Metrics.px(42)
                width: parent.width - x - root.inset
                text: who.meta.join(", ")
                font: Metrics.small
                color: Theme.text2
            }
        }
    }
}
