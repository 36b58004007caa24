/* The program whose trace the replay is measured on: loads and stores at random in a mapped file, an
   msync now and then. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	enum { pages = 256, length = pages * 4096 };
	int file = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
	uint64_t at = 1;

	if (file < 0 || ftruncate(file, length))
		return 1;
	volatile uint64_t *words = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (words == MAP_FAILED)
		return 1;
	for (int round = 0; round < 40; round++) {
		for (int access = 0; access < 20000; access++) {
			at = at * 6364136223846793005u + 1442695040888963407u;
			uint64_t place = (at >> 33) % (length / 8);
			if ((at >> 20) % 4 == 0)
				words[place] = at;
			else
				(void)words[place];
		}
		msync((char *)words + round % 16 * 65536, 65536, MS_SYNC);
	}
	return 0;
}
