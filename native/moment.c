// Times of day in text. The C library's own functions take a lock that the thread that is reported on may hold.
#include "moment.h"

#include <stdint.h>

#define DAY 86400

// Of the calendar that repeats every 400 years; a year begins in March here, so that a leap day is its last.
void put_moment(struct output *output, struct timespec at) {
  int64_t days = at.tv_sec / DAY + 719468;
  int second = (int)(at.tv_sec % DAY);
  int64_t era = days / 146097;
  int64_t day_of_era = days % 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
  int shifted = (5 * day_of_year + 2) / 153;
  int day = day_of_year - (153 * shifted + 2) / 5 + 1;
  int month = shifted < 10 ? shifted + 3 : shifted - 9;
  int year = (int)(year_of_era + era * 400) + (month <= 2 ? 1 : 0);
  put(output, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, second / 3600, second / 60 % 60, second % 60,
      (int)(at.tv_nsec / 1000000));
}
