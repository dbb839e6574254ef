// The document behind the text of the configuration editor: what QML cannot reach of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <QtCore/QList>
#include <QtCore/QPointer>
#include <QtCore/QString>
#include <QtCore/QStringList>
#include <QtGui/QColor>
#include <QtGui/QSyntaxHighlighter>
#include <QtGui/QTextBlock>
#include <QtGui/QTextCharFormat>
#include <QtGui/QTextCursor>
#include <QtGui/QTextDocument>
#include <QtQuick/QQuickTextDocument>

// An inked stretch of a line, as `crate::bridge::document` writes it.
struct OstlerInked {
    std::int32_t start;
    std::int32_t length;
    std::int32_t ink;
};

// Inks a line: writes at most `max` stretches, says how many in `count`, and returns the state the line ends in.
extern "C" std::int32_t ostler_ink_line(const char16_t *text, std::size_t length, std::int32_t state, OstlerInked *inked,
                                        std::size_t max, std::size_t *count);

namespace ostler {

// Colours TOML as Rust says, line by line; undo knows nothing of it.
class TomlHighlighter : public QSyntaxHighlighter
{
public:
    explicit TomlHighlighter(QTextDocument *document) : QSyntaxHighlighter(document) {}

    void setInks(const QStringList &colours)
    {
        if (colours == m_colours)
            return;
        m_colours = colours;
        rehighlight();
    }

protected:
    void highlightBlock(const QString &text) override
    {
        constexpr std::size_t max = 256;
        OstlerInked inked[max];
        std::size_t count = 0;
        const auto *letters = reinterpret_cast<const char16_t *>(text.utf16());
        setCurrentBlockState(
            ostler_ink_line(letters, static_cast<std::size_t>(text.size()), previousBlockState(), inked, max, &count));
        for (std::size_t at = 0; at < count; ++at) {
            if (inked[at].ink < m_colours.size())
                setFormat(inked[at].start, inked[at].length, QColor(m_colours.at(inked[at].ink)));
        }
    }

private:
    QStringList m_colours;
};

// The one document that is edited.
inline QPointer<QTextDocument> &edited()
{
    static QPointer<QTextDocument> document;
    return document;
}

inline void editor_attach(QQuickTextDocument *document)
{
    edited() = document ? document->textDocument() : nullptr;
    if (edited() && !edited()->findChild<QSyntaxHighlighter *>())
        new TomlHighlighter(edited());
}

inline bool editor_is_there() { return !edited().isNull(); }

inline void editor_inks(const QStringList &colours)
{
    if (!edited())
        return;
    if (auto *highlighter = edited()->findChild<QSyntaxHighlighter *>())
        static_cast<TomlHighlighter *>(highlighter)->setInks(colours);
}

// The text; unlike the plain text that Qt gives, with its no-break spaces.
inline QString editor_text()
{
    if (!edited())
        return {};
    QString text = edited()->toRawText();
    text.replace(QChar::ParagraphSeparator, QLatin1Char('\n'));
    return text;
}

// All lines get the same height, so that what stands beside them can be counted.
inline void editor_line_height(double height)
{
    if (!edited())
        return;
    const bool keeps = edited()->isUndoRedoEnabled();
    edited()->setUndoRedoEnabled(false);
    QTextCursor cursor(edited());
    cursor.select(QTextCursor::Document);
    QTextBlockFormat format;
    format.setLineHeight(height, QTextBlockFormat::FixedHeight);
    cursor.mergeBlockFormat(format);
    edited()->setUndoRedoEnabled(keeps);
}

// Another text, which cannot be undone.
inline void editor_load(const QString &text, double height)
{
    if (!edited())
        return;
    edited()->setUndoRedoEnabled(false);
    edited()->setPlainText(text);
    editor_line_height(height);
    edited()->setUndoRedoEnabled(true);
}

// A change that one undo takes back.
inline void editor_replace(std::int32_t start, std::int32_t end, const QString &text)
{
    if (!edited())
        return;
    const int last = qMax(0, edited()->characterCount() - 1);
    QTextCursor cursor(edited());
    cursor.setPosition(qBound(0, int(start), last));
    cursor.setPosition(qBound(0, int(end), last), QTextCursor::KeepAnchor);
    cursor.insertText(text);
}

// Moves the lines of a selection in or out by two spaces; without one, writes up to the next stop.
inline void editor_indent(std::int32_t start, std::int32_t end, bool is_out)
{
    if (!edited())
        return;
    QTextCursor cursor(edited());
    cursor.setPosition(start);
    if (start == end && !is_out) {
        const int column = cursor.positionInBlock();
        cursor.insertText(QString(2 - column % 2, QLatin1Char(' ')));
        return;
    }
    cursor.beginEditBlock();
    QTextBlock block = edited()->findBlock(start);
    const int last = edited()->findBlock(end > start ? end - 1 : end).blockNumber();
    for (; block.isValid() && block.blockNumber() <= last; block = block.next()) {
        cursor.setPosition(block.position());
        if (!is_out) {
            if (block.length() > 1)
                cursor.insertText(QStringLiteral("  "));
            continue;
        }
        for (int spaces = 0; spaces < 2 && block.text().startsWith(QLatin1Char(' ')); ++spaces)
            cursor.deleteChar();
    }
    cursor.endEditBlock();
}

// A place as the window counts it; the line from 1, the column in characters from 1.
inline std::int32_t editor_position(std::int32_t line, std::int32_t column)
{
    if (!edited())
        return 0;
    QTextBlock block = edited()->findBlockByNumber(qMax(0, line - 1));
    if (!block.isValid())
        block = edited()->lastBlock();
    const QString text = block.text();
    int unit = 0;
    for (std::int32_t character = 1; character < column && unit < text.size(); ++character)
        unit += text.at(unit).isHighSurrogate() ? 2 : 1;
    return block.position() + qMin(unit, int(text.size()));
}

inline std::int32_t editor_line(std::int32_t position)
{
    return edited() ? edited()->findBlock(position).blockNumber() + 1 : 1;
}

inline std::int32_t editor_column(std::int32_t position)
{
    if (!edited())
        return 1;
    const QTextBlock block = edited()->findBlock(position);
    const QString before = block.text().left(position - block.position());
    int column = 1;
    for (const QChar letter : before)
        column += letter.isLowSurrogate() ? 0 : 1;
    return column;
}

// Where a text occurs, whatever its case; no more than a thousand places.
inline QList<std::int32_t> editor_matches(const QString &needle)
{
    QList<std::int32_t> found;
    if (!edited() || needle.isEmpty())
        return found;
    const QString text = editor_text();
    for (qsizetype at = text.indexOf(needle, 0, Qt::CaseInsensitive); at >= 0 && found.size() < 1000;
         at = text.indexOf(needle, at + needle.size(), Qt::CaseInsensitive))
        found.append(std::int32_t(at));
    return found;
}

} // namespace ostler
