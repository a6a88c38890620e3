import { Type } from 'class-transformer';
import { registerDecorator, ValidateIf, ValidateNested } from 'class-validator';

type Check = (value: unknown) => boolean;
type Constructor = new () => object;

/** A rule of one property. A fault carries the rule's `code`; `message` says what the value must be. */
export function Rule(code: string, message: string, check: Check): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: code,
      target: target.constructor,
      propertyName: String(property),
      options: { message },
      validator: { validate: check },
    });
  };
}

/** The property may be absent. `null` is a value like any other, and a wrong one: class-validator's IsOptional lets it pass. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value: unknown) => value !== undefined);
}

export const isPlainObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with rules of its own. ValidateNested alone would also take a list of such objects. */
export function Nested(type: () => Constructor): PropertyDecorator {
  return (target, property) => {
    Rule('BAD_OBJECT', 'must be an object', isPlainObject)(target, property);
    ValidateNested()(target, property);
    Type(type)(target, property);
  };
}

/** A list of objects with rules of their own, of at most `most`. */
export function NestedList(type: () => Constructor, most: number): PropertyDecorator {
  const check: Check = (value) => Array.isArray(value) && value.length <= most && value.every(isPlainObject);
  return (target, property) => {
    Rule('BAD_LIST', `must be a list of at most ${most} objects`, check)(target, property);
    ValidateNested()(target, property);
    Type(type)(target, property);
  };
}

export function matches(pattern: string): Check {
  const expression = new RegExp(pattern, 'u');
  return (value) => typeof value === 'string' && expression.test(value);
}

export function Text(pattern: string, code: string, message: string): PropertyDecorator {
  return Rule(code, message, matches(pattern));
}

export function Int([least, most]: readonly [number, number]): PropertyDecorator {
  const check: Check = (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return Rule('BAD_NUMBER', `must be a whole number from ${least} to ${most}`, check);
}

export function OneOf(...values: readonly string[]): PropertyDecorator {
  return Rule('BAD_CHOICE', `must be ${values.join(' or ')}`, (value) => values.includes(value as string));
}

export function Flag(): PropertyDecorator {
  return Rule('BAD_FLAG', 'must be true or false', (value) => typeof value === 'boolean');
}
