import { describe, expect, it } from 'vitest';

import { Story } from './story.js';

const told = () => {
  const lines: string[] = [];
  return { lines, story: new Story((line) => lines.push(line.replace(/ *\d+\.\ds /, '').trim())) };
};

describe('the story of the demo', () => {
  it('keeps what happens meanwhile until its turn comes, and tells the rest at once', () => {
    const { lines, story } = told();
    story.begin(1, 'first');
    const aside = story.aside();
    aside.story.begin(2, 'second');
    story.tell('of the first');
    expect(lines).toEqual(['== 1. first', 'of the first']);
    aside.tell();
    aside.story.tell('of the second');
    expect(lines.slice(2)).toEqual(['== 2. second', 'of the second']);
  });

  it('has all claims in the order of chapters, those of asides too, and is true when each is', () => {
    const { story } = told();
    expect(story.allTrue).toBe(false);
    story.begin(5, 'fifth');
    const rest = story.aside();
    const next = story.aside();
    next.story.begin(6, 'sixth');
    next.story.claim('c', true);
    rest.story.claim('b', true);
    expect(story.claims.map(({ chapter, claim }) => `${chapter}${claim}`)).toEqual(['5b', '6c']);
    expect(story.allTrue).toBe(true);
    rest.story.claim('d', false);
    expect(story.allTrue).toBe(false);
  });
});
