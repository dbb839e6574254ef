pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The text, with its numbers, bars and marks.
FocusScope {
    id: root

    property bool isShown: false
    readonly property alias canUndo: area.canUndo
    readonly property alias canRedo: area.canRedo
    readonly property bool isSearching: findBar.visible || lineBar.visible
    readonly property real lineHeight: Metrics.px(20)
    readonly property list<string> inks: [Theme.codeTable, Theme.codeKey, Theme.codeString, Theme.codeNumber, Theme.codeComment, Theme.codeVariable]

    function undo() {
        area.undo();
    }

    function redo() {
        area.redo();
    }

    function takeFocus() {
        area.forceActiveFocus(Qt.OtherFocusReason);
    }

    function goTo(line: int, column: int) {
        area.cursorPosition = ConfigDocument.positionOf(line, column);
        flick.reveal(area.cursorRectangle);
        root.takeFocus();
    }

    function goToProblem(isForward: bool) {
        const line = ConfigDocument.nextProblem(ConfigDocument.lineOf(area.cursorPosition), isForward);
        if (line > 0)
            root.goTo(line, ConfigDocument.problemColumn(line));
    }

    function goToFirstProblem() {
        const line = ConfigDocument.nextProblem(0, true);
        if (line > 0)
            root.goTo(line, ConfigDocument.problemColumn(line));
    }

    function select(start: int, end: int) {
        area.select(start, end);
        flick.reveal(area.cursorRectangle);
    }

    function find() {
        lineBar.visible = false;
        findBar.begin(area.selectedText);
    }

    function askLine() {
        findBar.visible = false;
        lineBar.begin();
    }

    function goToMatch(isForward: bool) {
        findBar.step(isForward);
    }

    function endSearch() {
        findBar.visible = false;
        lineBar.visible = false;
        root.takeFocus();
    }

    onInksChanged: ConfigDocument.setInks(root.inks)
    onLineHeightChanged: ConfigDocument.setLineHeight(root.lineHeight)

    Connections {
        target: ConfigDocument

        function onFilled() {
            area.cursorPosition = 0;
            flick.contentY = 0;
        }
    }

    Column {
        id: bars

        width: parent.width

        FindBar {
            id: findBar

            width: parent.width
            from: area.selectionStart
            onFound: (start, end) => root.select(start, end)
            onEnded: root.endSearch()
        }

        LineBar {
            id: lineBar

            width: parent.width
            lines: area.lineCount
            onChosen: line => root.goTo(line, 1)
            onEnded: root.endSearch()
        }
    }

    EditorGutter {
        id: gutter

        // The text of a configuration goes from left to right in every language.
        LayoutMirroring.enabled: false
        LayoutMirroring.childrenInherit: true
        anchors.left: parent.left
        anchors.top: bars.bottom
        anchors.bottom: foot.top
        lineHeight: root.lineHeight
        contentY: flick.contentY - area.topPadding
        lines: area.lineCount
        currentLine: foot.line
    }

    Flickable {
        id: flick

        LayoutMirroring.enabled: false
        LayoutMirroring.childrenInherit: true
        anchors.left: gutter.right
        anchors.right: parent.right
        anchors.top: gutter.top
        anchors.bottom: foot.top
        contentWidth: Math.max(width, area.contentWidth + Metrics.px(48))
        contentHeight: Math.max(height, area.contentHeight + 2 * area.topPadding)
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        T.ScrollBar.vertical: BaseScrollBar {
        }
        T.ScrollBar.horizontal: BaseScrollBar {
        }

        // Brings a place into view with a line around it.
        function reveal(place: rect) {
            const margin = root.lineHeight;
            if (place.y < flick.contentY + margin)
                flick.contentY = Math.max(0, place.y - margin);
            else if (place.y + place.height > flick.contentY + flick.height - margin)
                flick.contentY = Math.max(0, place.y + place.height + margin - flick.height);
            if (place.x < flick.contentX)
                flick.contentX = Math.max(0, place.x - margin);
            else if (place.x > flick.contentX + flick.width - margin)
                flick.contentX = place.x - flick.width + 2 * margin;
        }

        Repeater {
            model: Records {
                source: "config-problems"
                isActive: root.isShown
            }

            delegate: ProblemMark {
                editor: area
                viewX: flick.contentX
                viewWidth: flick.width
                lineHeight: root.lineHeight
            }
        }

        TextEdit {
            id: area

            width: flick.contentWidth
            height: flick.contentHeight
            topPadding: Metrics.gap
            bottomPadding: Metrics.gap
            focus: true
            activeFocusOnTab: true
            font: Metrics.editor
            color: Theme.text
            selectionColor: Theme.accentFill
            selectedTextColor: Theme.accentInk
            textFormat: TextEdit.PlainText
            wrapMode: TextEdit.NoWrap
            selectByMouse: true
            persistentSelection: true

            Accessible.role: Accessible.EditableText
            Accessible.name: qsTr("Text of %1").arg(ConfigDocument.name)
            Accessible.description: foot.word !== "" ? foot.word : qsTr("Tab writes spaces; F6 leaves the text")
            Accessible.multiLine: true

            onTextChanged: ConfigDocument.edited()
            onCursorRectangleChanged: if (activeFocus)
                flick.reveal(cursorRectangle)

            Keys.onTabPressed: ConfigDocument.indent(area.selectionStart, area.selectionEnd, false)
            Keys.onBacktabPressed: ConfigDocument.indent(area.selectionStart, area.selectionEnd, true)

            Component.onCompleted: {
                ConfigDocument.attach(area.textDocument, root.lineHeight);
                ConfigDocument.setInks(root.inks);
            }
        }
    }

    EditorFoot {
        id: foot

        anchors.bottom: parent.bottom
        width: parent.width
        line: ConfigDocument.revision >= 0 && area.length >= 0 ? ConfigDocument.lineOf(area.cursorPosition) : 1
        column: ConfigDocument.revision >= 0 && area.length >= 0 ? ConfigDocument.columnOf(area.cursorPosition) : 1
    }
}
