import QtQuick
import dev.ostler.app

// The log of one service, or of several together: a bar, the lines, and a strip while they stand still.
FocusScope {
    id: root

    property list<string> services: []
    property bool isShown: false
    property list<string> added: []
    property list<string> hidden: []

    function find() {
        bar.focusFind();
    }

    function narrow() {
        logModel.narrow(bar.needle, bar.isMatchesOnly, bar.level, root.hidden, lines.lastRow());
    }

    function showService(name: string, isWanted: bool) {
        root.hidden = root.hidden.filter(other => other !== name);
        if (!isWanted)
            root.hidden = root.hidden.concat([name]);
        else if (!logModel.services.some(other => other.split("/")[0] === name))
            root.added = root.added.concat([name]);
        root.narrow();
    }

    function copy() {
        clipboard.copyText(lines.selectedText());
    }

    onServicesChanged: {
        root.added = [];
        root.hidden = [];
    }

    Shortcut {
        sequences: [StandardKey.Find]
        enabled: root.isShown
        onActivated: root.find()
    }

    Shortcut {
        sequence: "F3"
        enabled: root.isShown && logModel.hits > 0
        onActivated: logModel.step(true)
    }

    Shortcut {
        sequence: "Shift+F3"
        enabled: root.isShown && logModel.hits > 0
        onActivated: logModel.step(false)
    }

    Shortcut {
        sequence: "Alt+Z"
        enabled: root.isShown
        onActivated: Looks.wrapLogs(!bar.isWrapped)
    }

    LogModel {
        id: logModel

        services: root.services.concat(root.added)
        isShown: root.isShown
        onHitFound: row => lines.goTo(row)
        onSaved: (path, trouble) => {
            saveDialog.trouble = trouble;
            if (trouble !== "")
                saveDialog.open();
            else
                savedStrip.path = path;
        }
    }

    LogsBar {
        id: bar

        width: parent.width
        logModel: logModel
        hidden: root.hidden
        onNarrowed: root.narrow()
        onServiceWanted: (name, isWanted) => root.showService(name, isWanted)
        onFollowWanted: lines.follow()
        onCopyWanted: root.copy()
        onSaveWanted: {
            saveDialog.path = logModel.savePath();
            saveDialog.open();
        }
        onFinished: lines.forceActiveFocus(Qt.TabFocusReason)
    }

    LogLines {
        id: lines

        anchors.top: bar.bottom
        anchors.bottom: savedStrip.top
        width: parent.width
        focus: true
        logModel: logModel
        isWrapped: bar.isWrapped
        name: root.services.length === 1 && root.added.length === 0 ? qsTr("Log of %1").arg(root.services[0]) : qsTr("Logs together")
        onCopyWanted: root.copy()
        onFindWanted: root.find()
    }

    LogsEmpty {
        anchors.fill: lines
        logModel: logModel
        isNarrowed: bar.isNarrowed || root.hidden.length > 0
        onClearWanted: {
            root.hidden = [];
            bar.clear();
        }
    }

    SavedStrip {
        id: savedStrip

        anchors.bottom: pausedStrip.top
        width: parent.width
    }

    PausedStrip {
        id: pausedStrip

        anchors.bottom: parent.bottom
        width: parent.width
        logModel: logModel
        onFollowWanted: {
            lines.follow();
            lines.forceActiveFocus(Qt.TabFocusReason);
        }
    }

    SaveLogDialog {
        id: saveDialog

        onConfirmed: logModel.save(saveDialog.path)
    }

    TextEdit {
        id: clipboard

        function copyText(text: string) {
            clipboard.text = text;
            clipboard.selectAll();
            clipboard.copy();
            clipboard.text = "";
        }

        visible: false
        Accessible.ignored: true
    }
}
