import QtQuick
import dev.ostler.app

// What saving does to a service, and because of what.
Item {
    id: root

    required property int effect
    required property string name
    required property string keys
    readonly property bool isSentence: root.effect === ConfigDocument.Other || root.effect === ConfigDocument.Remark
    readonly property string words: root.wordsOf()

    function wordsOf(): string {
        switch (root.effect) {
        case ConfigDocument.Restarts:
            //: After the name of a service
            return qsTr("restarts");
        case ConfigDocument.IsAdded:
            //: After the name of a service
            return qsTr("is added and starts");
        case ConfigDocument.IsAddedDown:
            //: After the name of a service
            return qsTr("is added and stays down");
        case ConfigDocument.IsRemoved:
            //: After the name of a service
            return qsTr("stops and is removed");
        case ConfigDocument.Starts:
            //: After the name of a service
            return qsTr("starts");
        case ConfigDocument.Stops:
            //: After the name of a service
            return qsTr("stops");
        case ConfigDocument.Changes:
            //: After the name of a service
            return qsTr("changes in place, keeps running");
        case ConfigDocument.Untouched:
            //: After "1 service" or "10 services"
            return qsTr("untouched");
        default:
            return "";
        }
    }

    function subject(): string {
        if (root.effect !== ConfigDocument.Untouched)
            return root.name;
        return root.name === "1" ? qsTr("1 service") : qsTr("%1 services").arg(root.name);
    }

    function glyph(): string {
        switch (root.effect) {
        case ConfigDocument.Restarts:
            return "action-restart";
        case ConfigDocument.IsAdded:
        case ConfigDocument.IsAddedDown:
            return "action-add";
        case ConfigDocument.IsRemoved:
            return "action-close";
        case ConfigDocument.Starts:
            return "action-start";
        case ConfigDocument.Stops:
            return "action-stop";
        case ConfigDocument.Changes:
            return "action-edit";
        case ConfigDocument.Untouched:
            return "state-disabled";
        default:
            return "action-info";
        }
    }

    implicitHeight: content.implicitHeight + Metrics.px(4)

    Accessible.role: Accessible.ListItem
    Accessible.name: [root.subject(), root.words, root.keys].join(" ").trim()

    Glyph {
        anchors.left: parent.left
        y: Metrics.px(2)
        source: Glyphs.named(root.glyph())
        color: root.effect === ConfigDocument.IsAdded ? Theme.ok : root.effect === ConfigDocument.IsRemoved || root.effect === ConfigDocument.Stops ? Theme.fail : root.effect === ConfigDocument.Restarts || root.effect === ConfigDocument.Starts ? Theme.accent : Theme.text2
    }

    Column {
        id: content

        anchors.left: parent.left
        anchors.leftMargin: Metrics.px(24)
        width: parent.width - Metrics.px(24)
        spacing: Metrics.px(2)

        Row {
            width: parent.width
            spacing: Metrics.px(4)

            PlainText {
                width: root.isSentence ? parent.width : Math.min(implicitWidth, parent.width - words.implicitWidth - parent.spacing)
                text: root.subject()
                font: root.isSentence ? Metrics.body : Metrics.name
                wrapMode: root.isSentence ? Text.Wrap : Text.NoWrap
                Accessible.ignored: true
            }

            PlainText {
                id: words

                text: root.words
                color: Theme.text2
                Accessible.ignored: true
            }
        }

        PlainText {
            width: parent.width
            visible: text !== ""
            text: root.keys === "" ? "" : qsTr("changed: %1").arg(root.keys)
            font: Metrics.small
            color: Theme.text2
            wrapMode: Text.Wrap
            Accessible.ignored: true
        }
    }
}
