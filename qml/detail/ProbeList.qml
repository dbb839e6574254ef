pragma ComponentBehavior: Bound

import QtQuick
import dev.ostler.app

// What is asked of a service, and what it last said.
Column {
    id: root

    property string service: ""
    property bool isShown: false

    readonly property bool isThere: probes.count > 0

    visible: isThere

    onServiceChanged: asked.isActive = false

    function askNow() {
        if (!root.isThere)
            return;
        if (asked.isActive)
            asked.refresh();
        else
            asked.isActive = true;
    }

    Records {
        id: probes

        source: "probes"
        subject: root.service
        isActive: root.isShown
    }

    Records {
        id: asked

        source: "asked"
        subject: root.service
        isActive: false
    }

    Item {
        width: parent.width
        height: title.implicitHeight

        SectionTitle {
            id: title

            anchors.left: parent.left
            text: qsTr("Probes")
        }

        BaseButton {
            anchors.right: parent.right
            isSmall: true
            isFlat: true
            text: qsTr("Ask now")
            hint: qsTr("Asks all probes of %1 now (F5)").arg(root.service)
            onClicked: root.askNow()
        }
    }

    Repeater {
        model: probes
        delegate: Item {
            id: probe

            required property string name
            required property string asks
            required property string answer
            required property int ok

            width: root.width
            height: Metrics.px(40)
            Accessible.role: Accessible.ListItem
            Accessible.name: qsTr("%1, %2: %3").arg(name).arg(asks).arg(answer)

            PlainText {
                id: name

                height: Metrics.px(20)
                width: Math.min(implicitWidth, parent.width / 2)
                text: probe.name
                font: Metrics.name
                Accessible.ignored: true
            }

            PlainText {
                anchors.right: parent.right
                height: Metrics.px(20)
                width: Math.min(implicitWidth, parent.width - name.width - Metrics.gap)
                text: probe.answer
                color: probe.ok === Detail.BadAnswer ? Theme.warn : Theme.text2
                Accessible.ignored: true
            }

            PlainText {
                y: Metrics.px(19)
                width: parent.width
                height: Metrics.px(18)
                text: probe.asks
                font: Metrics.small
                color: Theme.text2
                Accessible.ignored: true
            }
        }
    }

    Repeater {
        model: asked
        delegate: Row {
            id: said

            required property string text
            required property int ok

            topPadding: Metrics.px(4)
            spacing: Metrics.px(6)

            Glyph {
                size: Metrics.px(14)
                source: Glyphs.named(said.ok === Detail.GoodAnswer ? "state-completed" : "state-degraded")
                color: said.ok === Detail.GoodAnswer ? Theme.ok : Theme.warn
            }

            PlainText {
                width: root.width - Metrics.px(20)
                text: said.text
                font: Metrics.small
                wrapMode: Text.Wrap
                maximumLineCount: 4
            }
        }
    }

    PlainText {
        width: parent.width
        visible: asked.progress === Records.Failed
        topPadding: Metrics.px(4)
        text: asked.trouble
        font: Metrics.small
        color: Theme.fail
        wrapMode: Text.Wrap
    }
}
