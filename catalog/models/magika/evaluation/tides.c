#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTS 2

struct constituent {
    double amplitude, speed, phase;
};

static const struct constituent parts[PARTS] = {
    {1.32, 28.984104, 64.0},
    {0.41, 30.0, 98.5},
};

static double height(double hour)
{
    double sum = 1.9;
    for (int i = 0; i < PARTS; i++)
        sum += parts[i].amplitude * cos((parts[i].speed * hour - parts[i].phase) * M_PI / 180.0);
    return sum;
}

int main(int argc, char **argv)
{
    int hours = argc > 1 ? atoi(argv[1]) : 24;
    for (int hour = 0; hour < hours; hour++)
        printf("%02d:00 %.2f\n", hour, height(hour));
    return EXIT_SUCCESS;
}
