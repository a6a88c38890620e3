import { ValidateIf } from 'class-validator';

/** May be left out. Unlike IsOptional it does not let null pass, which no reader of the value expects. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
