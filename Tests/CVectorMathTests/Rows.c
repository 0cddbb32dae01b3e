// Rows that end, or start, at a page that must not be touched.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "Support.h"

// Numbers looked at beside a row, on the side that is not guarded.
enum { BESIDE = 64 };

struct slot {
  char *start, *end;  // of the pages between the two guards
  float *row;
  size_t n;
};

static struct slot slots[ROW_SLOTS];
static enum placement placement;
static size_t page;

// Ends the program: after a fault there is nothing to return to.
static void on_fault(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  const char *address = info->si_addr;
  char message[512];
  int length = snprintf(message, sizeof message, "FAILED %s: touches memory that is not its own", current_check());
  for (int i = 0; i < ROW_SLOTS; i++) {
    const struct slot *slot = &slots[i];
    if (address < slot->start - page || address >= slot->end + page) continue;
    const int before = address < slot->start;
    length += snprintf(
        message + length, sizeof message - (size_t)length, ", byte %ld %s row %d of %zu numbers",
        before ? (long)(slot->start - address) : (long)(address - slot->end), before ? "before" : "after the end of", i,
        slot->n);
  }
  message[length++] = '\n';
  if (write(STDERR_FILENO, message, (size_t)length) < 0) _exit(3);
  _exit(1);
}

void prepare_rows(void) {
  page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t bytes = ((LARGEST_ROW + BESIDE) * sizeof(float) + page - 1) / page * page;
  for (int i = 0; i < ROW_SLOTS; i++) {
    char *mapped = mmap(NULL, bytes + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED || mprotect(mapped, page, PROT_NONE) || mprotect(mapped + page + bytes, page, PROT_NONE)) {
      perror("cannot map memory");
      exit(3);
    }
    slots[i].start = mapped + page;
    slots[i].end = mapped + page + bytes;
  }
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}

void place_rows(enum placement wanted) { placement = wanted; }

float *row(int index, size_t n) {
  struct slot *slot = &slots[index];
  if (n > LARGEST_ROW) {
    fprintf(stderr, "%s: a row of %zu numbers is longer than LARGEST_ROW\n", current_check(), n);
    exit(3);
  }
  slot->n = n;
  slot->row = placement == ENDS_AT_GUARD ? (float *)(void *)slot->end - n : (float *)(void *)slot->start;
  uint32_t *first = (uint32_t *)(void *)slot->row - (placement == ENDS_AT_GUARD ? BESIDE : 0);
  for (size_t i = 0; i < n + BESIDE; i++) first[i] = GAP_BITS;
  return slot->row;
}

float *row_of(int slot, const float *values, size_t n) {
  float *to = row(slot, n);
  if (n > 0) memcpy(to, values, n * sizeof *values);
  return to;
}

float *matrix(int slot, size_t rows, size_t columns, size_t gap) {
  return row(slot, rows == 0 ? 0 : (rows - 1) * (columns + gap) + columns);
}

// Whether the odd half is the first of the row's numbers, and not the last.
static int odd_half_is_first(void) { return placement == ENDS_AT_GUARD; }

uint16_t *row_of_halves(int slot, size_t n) {
  return (uint16_t *)(void *)row(slot, (n + 1) / 2) + (n % 2 && odd_half_is_first());
}

void expect_odd_half_untouched(const uint16_t *halves, size_t n) {
  const uint32_t gap = GAP_BITS;
  uint16_t of_gap[2];
  memcpy(of_gap, &gap, sizeof gap);
  if (n % 2 == 0) return;
  const int first = odd_half_is_first();
  expect((first ? halves[-1] : halves[n]) == of_gap[!first], "writes beside a row of halves");
}

static int is_gap(const float *number) {
  uint32_t bits;
  memcpy(&bits, number, sizeof bits);
  return bits == GAP_BITS;
}

void expect_neighbours_untouched(void) {
  for (int i = 0; i < ROW_SLOTS; i++) {
    struct slot *slot = &slots[i];
    if (!slot->row) continue;
    const float *beside = placement == ENDS_AT_GUARD ? slot->row - BESIDE : slot->row + slot->n;
    for (size_t at = 0; at < BESIDE; at++) {
      if (!is_gap(beside + at)) {
        expect(0, placement == ENDS_AT_GUARD ? "writes before a row" : "writes after the end of a row");
        break;
      }
    }
    slot->row = NULL;
  }
}

void expect_gaps_untouched(const float *matrix, size_t stride, size_t rows, size_t columns) {
  for (size_t i = 0; i + 1 < rows; i++) {
    for (size_t at = columns; at < stride; at++) {
      if (!is_gap(matrix + i * stride + at)) {
        expect(0, "writes between two rows of a matrix");
        return;
      }
    }
  }
}
