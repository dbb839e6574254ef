/* Says to the windows of one process what the system says to all when a session ends.
 *
 *     session PID stays       asks whether the session may end, then says that it goes on
 *     session PID ends        asks, then says that the user signs out
 *     session PID machine     asks, then says that the machine ends
 *     session PID replaced    asks, then says that the program is to end because its files are replaced
 *
 * The process must have exactly one window of Ostler's. Prints `agreed` when it does not object, and how long it took to
 * answer that it ends. Exit code 0 when all was answered within the time that the system gives.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The system waits so long, in ms. */
#define PATIENCE 5000

static DWORD process;
static HWND found;
static int count;

static BOOL CALLBACK visit(HWND window, LPARAM unused) {
    char name[64] = "";
    DWORD owner = 0;
    (void)unused;
    GetWindowThreadProcessId(window, &owner);
    GetClassNameA(window, name, sizeof name);
    if (owner == process && !strcmp(name, "OstlerBroadcast")) {
        found = window;
        count++;
    }
    return TRUE;
}

int main(int argument_count, char **words) {
    DWORD_PTR answer = 0;
    if (argument_count != 3) {
        fprintf(stderr, "usage: session PID stays|ends|machine|replaced\n");
        return 64;
    }
    int is_end = strcmp(words[2], "stays") != 0;
    LPARAM reason = (LPARAM)(LONG)(strcmp(words[2], "replaced") ? ENDSESSION_LOGOFF : ENDSESSION_CLOSEAPP);
    if (!strcmp(words[2], "machine")) reason = 0;
    process = strtoul(words[1], NULL, 10);
    EnumWindows(visit, 0);
    if (count != 1) {
        fprintf(stderr, "session: process %lu has %d windows\n", process, count);
        return 2;
    }
    if (!SendMessageTimeoutA(found, WM_QUERYENDSESSION, 0, reason, SMTO_NORMAL, PATIENCE, &answer)) {
        fprintf(stderr, "session: nobody answers: error %lu\n", GetLastError());
        return 3;
    }
    printf("%s", answer ? "agreed" : "refused");
    ULONGLONG began = GetTickCount64();
    BOOL is_answered = SendMessageTimeoutA(found, WM_ENDSESSION, is_end, reason, SMTO_NORMAL, PATIENCE, &answer) != 0;
    /* A process that has ended meanwhile answers nothing more. */
    if (!is_answered && IsWindow(found)) {
        fprintf(stderr, "session: no answer within %d ms\n", PATIENCE);
        return 4;
    }
    if (is_end) printf(" and answered after %llu ms", GetTickCount64() - began);
    printf("\n");
    return 0;
}
