// Features of the time itself: the calendar, and the waves of a season.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fairlead {

enum class CalendarField { minute, hour, day_of_week, weekend, day, day_of_year, month };

// Throws InvalidInput for a name that is not one of the fields.
CalendarField calendar_field(std::string_view name);

// One field of each time, given as nanoseconds of the wall clock since 1970-01-01 00:00. Monday is
// day of the week 0; days of the month and the year, and months, count from 1.
void write_calendar(std::span<const std::int64_t> local_ns, CalendarField field,
                    std::span<double> out);

// sin or cos of 2 pi harmonic place / season, for places first, first + 1, ...
void write_harmonic(std::int64_t first_place, std::int64_t season, std::int64_t harmonic, bool sine,
                    std::span<double> out);

// The same along each series, one after another.
void write_harmonics(std::span<const std::int64_t> first_places,
                     std::span<const std::int64_t> offsets, std::int64_t season,
                     std::int64_t harmonic, bool sine, std::span<double> out);

}  // namespace fairlead
